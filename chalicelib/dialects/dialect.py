"""A dialect: all that the gateway must know of one family of clients, as one object.

What differs between families is asked of the family's ``Dialect`` and nowhere else: how an error is said, also where no
route was found; what watchers and webhook endpoints are told; the tag in the API's description; the paths. Its shapes
lie beside it in ``dialects/<name>/``, its routes and request bodies in ``api/<name>/``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from chalicelib.domain.errors import GatewayError
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session


class Tag(Struct, frozen=True):
    """An OpenAPI tag: the name of a group of routes, and a sentence about the group in Markdown."""

    name: str
    about: str


class ErrorShape(Protocol):
    """How a dialect says an error; ``session_id`` as in the path, if one was."""

    def __call__(self, what: GatewayError, *, now: int, session_id: str | None) -> Mapping[str, Any]:
        """Return the JSON body; ``now`` in milliseconds since the Unix epoch."""


class Saying(Struct, frozen=True):
    """WebSocket frames that belong together, in their order.

    With a ``topic``, the saying is news only where the topic's last ``key`` was another one: a client that joins while
    things happen hears each thing once, though an event and a snapshot both tell it. Without a topic it always is.
    ``last`` says that the client is to be disconnected after the frames.
    """

    frames: Sequence[str]
    topic: str = ""
    key: str = ""
    last: bool = False


class Frames(Protocol):
    """What watchers are told. All of it is pure; ``now`` in milliseconds since the Unix epoch."""

    def event(self, envelope: Envelope, session: Session | None, now: int) -> Sequence[Saying]:
        """Return what an event is to a watcher; nothing if the dialect has no word for the event.

        A QR code is never in an event: the code is taken from ``session``, as it stands, if it can still be scanned.
        To watchers who may not link the session, ``session`` has none.
        """

    def snapshot(self, session: Session | None, now: int) -> Sequence[Saying]:
        """Return what a watcher that comes late must know; ``session`` is None if there is none (any more)."""

    def reply(self, text: str) -> Sequence[str]:
        """Return the frames that answer a watcher's own frame."""


class Asked(Struct, frozen=True):
    """What a frame of a client asks for that follows several sessions over one connection.

    ``subscribe`` has sessions, each with the cursor (as history has it) after which its events are wanted, or None for
    those from now on; of the ``types`` that are named, or of all. ``watchers.ALL`` stands for all sessions, and has no
    cursor.
    """

    subscribe: Mapping[str, str | None]
    types: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    ping: bool = False


class Subscribing(Protocol):
    """What clients say and are told, beside events, where one connection follows several sessions."""

    def asked(self, text: str) -> Asked:
        """Return what a client's frame asks for; raises Invalid."""

    def subscribed(self, session: Session, sent: str) -> str:
        """Return the frame that answers a subscription; ``sent`` is the cursor that it begins after, empty for none."""

    def subscribed_to_all(self) -> str:
        """Return the frame that answers a subscription to all sessions (``ALL`` in ``Asked.subscribe``)."""

    def unsubscribed(self, session_id: str) -> str:
        """Return the frame that answers the end of a subscription."""

    def pong(self) -> str:
        """Return the frame that answers a ping."""

    def failed(self, error: GatewayError, *, session_id: str | None, now: int) -> str:
        """Return the frame of an error, about one session if it is; ``now`` as in ErrorShape."""


class WebhookWords(Protocol):
    """What webhook endpoints are told."""

    def tells(self, envelope: Envelope, session: Session) -> bool:
        """Whether the session's endpoint is told of the event at all."""

    def body(self, envelope: Envelope, message: Message | None, session: Session) -> bytes:
        """Return the JSON of an event; ``message`` is the one that the event is about, ``session`` as it stands."""

    def headers(self, session: Session, body: bytes, *, now: int) -> Mapping[str, str]:
        """Return what goes with the body besides the Standard Webhooks headers; ``now`` is the attempt's time."""


class WebSockets(Struct, frozen=True):
    """The addresses at which a dialect's watchers come.

    ``paths`` are path templates; ``{id}`` stands for the session's id. ``about`` describes them, in Markdown.
    """

    paths: tuple[str, ...]
    about: str


class Dialect(Struct, frozen=True, kw_only=True):
    """One family of clients.

    ``name`` is what watchers, the edge table and sessions' webhooks are stored with, and the name of the family's
    folders: it never changes. ``prefixes`` are the paths that the family's routes lie under, without a slash at the
    end; an empty one takes what lies under no other. A dialect without prefixes has no routes, and needs no ``error``.

    ``names_requests`` says that each error names its request by ``request_id``; else only those that nobody foresaw do.
    ``rooms`` says that watchers are Socket.IO's: they come over a channel, follow sessions as rooms, and are told only
    what is news. ``lost_after`` is how many milliseconds a session's connection must be lost before watchers are told,
    by a snapshot, since most connections come back sooner; 0 where the event itself tells. With ``subscribing``, one
    connection follows several sessions, each from one event to the next without a gap.
    """

    name: str
    prefixes: tuple[str, ...] = ()
    tag: Tag | None = None
    error: ErrorShape | None = None
    websockets: WebSockets | None = None
    frames: Frames | None = None
    webhook: WebhookWords | None = None
    names_requests: bool = False
    rooms: bool = False
    lost_after: int = 0
    subscribing: Subscribing | None = None

    def say(self, what: GatewayError, *, now: int, session_id: str | None = None) -> Mapping[str, Any]:
        """Return the JSON body of an error; raises ValueError if the dialect has none, see ``ErrorShape``."""
        if self.error is None:
            raise ValueError(f"The dialect {self.name} says no errors.")
        return self.error(what, now=now, session_id=session_id)
