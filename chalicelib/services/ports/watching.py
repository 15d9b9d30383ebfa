"""What pushing needs from outside, as Protocols: watchers, channels, history, and webhook deliveries."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from chalicelib.domain.access import Principal
from chalicelib.domain.chats import NO_ENTRIES, IndexEntries
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session
from chalicelib.domain.watchers import Channel, PushJob, Room, RoomNote, Subscription, Watcher
from chalicelib.domain.webhook import Delivery, Outcome


class WatcherStore(Protocol):
    """Watchers and what they follow."""

    def add(self, watcher: Watcher) -> None:
        """Store the watcher and its subscription."""

    def get(self, watcher: str) -> Watcher | None:
        """Return it, read consistently."""

    def remove(self, watcher: str) -> None:
        """Forget the watcher and its subscription; one that is gone is no error."""

    def unfollow(self, watcher: Watcher) -> None:
        """Forget the subscription alone; one that is gone is no error."""

    def following(self, tenant: str, session_id: str) -> Sequence[Watcher]:
        """Return all watchers that follow that session, read consistently; by a subscription as the Subscription.

        With ``watchers.ALL`` in the place of the id, those that follow all sessions of the tenant.
        """

    def count_of_session(self, tenant: str, session_id: str, *, now: int) -> int:
        """Return how many unexpired watchers follow that session, read consistently."""

    def count_of_tenant(self, tenant: str, *, now: int) -> int:
        """Return how many unexpired watchers the tenant has, read consistently."""

    def room(self, tenant: str, session_id: str) -> Room:
        """Return the watchers that ``following`` returns, and the note beside them, read in the same call."""

    def note(self, tenant: str, session_id: str, note: RoomNote) -> None:
        """Put the note beside the session's watchers, in place of an older one."""

    def of(self, principal: str) -> Sequence[str]:
        """Return the ids of the principal's watchers, read consistently."""


class Busy(Exception):
    """Another function holds the claim on the subscription and is sending its events; new ones it will find, too.

    ``first`` says that this call was the first to leave word for that function since its claim.
    """

    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self.first = first


class SubscriptionStore(Protocol):
    """The sessions that connections follow by subscriptions, each under one function's claim at a time.

    ``watchers.ALL`` is stored in the place of a session's id, too, and never claimed.

    Whoever sends has claimed the subscription first, and gives it back when it has sent everything. Who comes meanwhile
    leaves word, and the claim isn't given back before what there is was looked at once more.
    """

    def put(self, subscription: Subscription) -> None:
        """Store it under its own claim, in the place of an older one to the same session."""

    def remove(self, watcher: str, tenant: str, session_id: str) -> None:
        """Forget it; one that is gone is no error."""

    def sessions(self, watcher: str) -> Sequence[str]:
        """Return the ids of the sessions that the connection follows so, read consistently."""

    def claim(self, watcher: str, tenant: str, session_id: str, *, now: int) -> Subscription | None:
        """Claim it and return it; None if there is none. Raises Busy after leaving word."""

    def progress(self, subscription: Subscription) -> bool:
        """Write ``sent``; False, and nothing written, if the claim is another's by now."""

    def advance(self, subscription: Subscription, sent: str) -> bool:
        """Write ``sent``, if nobody has claimed the subscription or written it since it was read as ``subscription``.

        For who sends without a claim. False, and nothing written, if somebody has.
        """

    def give_back(self, subscription: Subscription) -> bool:
        """Write ``sent`` and give the claim back; False if somebody has left word, and the claim stays.

        True, and nothing written, if the claim is another's by now.
        """


class Pushes(Protocol):
    """The push queue, for sessions with many watchers: each session's events in order, sessions side by side."""

    def put(self, job: PushJob) -> None:
        """Queue the job; the same job twice within minutes is done once."""


class Gone(Exception):
    """The watcher's connection isn't there (410)."""


class Sockets(Protocol):
    """API Gateway's ``@connections``."""

    def post(self, watcher: str, text: str) -> None:
        """Send one text frame; raises Gone."""

    def close(self, watcher: str) -> None:
        """Close the connection; one that is gone is no error."""


class ChannelStore(Protocol):
    """Channels by the hashes of their sids, the connections that belong to them, and what was said in their rooms."""

    def add(self, channel: Channel) -> None:
        """Store a new channel, and its connection if it has one."""

    def get(self, sid: str) -> Channel | None:
        """Return it, read consistently."""

    def change(self, channel: Channel) -> bool:
        """Write ``channel`` over the serial before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, channel: Channel) -> None:
        """Remove the channel with its subscriptions and its connection; one that is gone is no error."""

    def enlist(self, channel: Channel) -> None:
        """Put the channel on its tenant's and its principal's lists, so that a credential's end finds it."""

    def delist(self, channel: Channel) -> None:
        """Take the channel off both lists; one that isn't listed is no error."""

    def bind(self, connection: str, channel: Channel) -> None:
        """Note that the connection asks to take the channel over."""

    def bound(self, connection: str) -> str | None:
        """Return the sid of the channel that the connection carries, or asks to take over."""

    def unbind(self, connection: str) -> None:
        """Forget the connection; one that is gone is no error."""

    def subscribe(self, channel: Channel, room: str) -> Watcher:
        """Let the channel follow its tenant's session ``room``, with nothing said yet; return the subscription."""

    def unsubscribe(self, channel: Channel, room: str) -> None:
        """End the channel's subscription to that session."""

    def say(self, tenant: str, room: str, sid: str, *, topic: str, key: str) -> bool:
        """Note ``key`` as the last said of a topic; False if it was already, or if there is no subscription."""

    def arrived(self, address: str, *, now: int, most: int) -> bool:
        """Count a new channel from ``address``; False, and nothing counted, if ``most`` came this minute already."""


class ChannelWakes(Protocol):
    """Jobs of the wake queue that are about channels; ``delay`` in seconds."""

    def greet(self, sid: str, *, delay: float) -> None:
        """Have the channel's connection sent its open packet."""

    def beat(self, sid: str, *, delay: float) -> None:
        """Have the channel pinged, or ended if its client is gone or its time is up."""

    def part(self, sid: str, *, delay: float) -> None:
        """Have the client disconnected."""

    def still_lost(self, uid: str, *, delay: float) -> None:
        """Have the session read again, and its room told if its connection is still lost."""


class NewSid(Protocol):
    """Makes the ids of Engine.IO's sessions (``sid``)."""

    def __call__(self) -> str:
        """Return a new sid, which nobody can guess, in characters that need no escape in an address."""


class Identify(Protocol):
    """Tells a client's principal."""

    def __call__(self, token: str | None) -> Principal:
        """Return who that is, or who somebody without a token is; raises GatewayError."""


class HistoryStore(Protocol):
    """The history of events: the table's stream, kept for a while."""

    def append(self, envelope: Envelope, entries: IndexEntries = NO_ENTRIES) -> None:
        """Write the event under its cursor, a session's own into its timeline too; again it changes nothing.

        With it the ``entries`` are written: what ``ChatStore.point`` writes, and what ``ChatStore.passed`` does, but
        over a newer time, too. All is one call, of which a part may be done where it fails. Raises Unavailable and
        Rejected.
        """

    def append_all(self, events: Sequence[tuple[Envelope, IndexEntries]]) -> None:
        """Append events, each with its entries, which are about different things; 25 of all in a call."""

    def get(self, uid: str, cursor: str) -> Envelope | None:
        """Return the event under that cursor, read consistently."""

    def forget(self, uid: str) -> None:
        """Remove the history of a removed session, with all else that is still stored for it."""

    def latest(self, uid: str) -> str | None:
        """Return the cursor of the session's newest event, read consistently; None if there is no event."""

    def since(self, uid: str, cursor: str | None, *, limit: int) -> list[Envelope]:
        """Return the session's events after ``cursor``, oldest first, read consistently."""

    def timeline(self, uid: str, before: str | None, *, limit: int) -> list[Envelope]:
        """Return the session's own events before the cursor, none of a message, newest first, read consistently."""


class DeliverySource(Protocol):
    """What a delivery's payload is made of."""

    def read(self, delivery: Delivery) -> tuple[Session | None, Envelope | None, Message | None]:
        """Return the session, the event and its message as they stand, each None where it is gone; read consistently.

        The message is None as well where the delivery names none.
        """

    def read_all(
        self, deliveries: Sequence[Delivery]
    ) -> Mapping[Delivery, tuple[Session | None, Envelope | None, Message | None]]:
        """Return the same for each of some deliveries, a batch of the queue's at the most, in one call."""


class Deliveries(Protocol):
    """The webhook queue."""

    def put(self, delivery: Delivery, *, delay: float) -> None:
        """Have the delivery attempted in ``delay`` seconds, sooner where the queue can't wait that long."""

    def dead_letter(self, delivery: Delivery) -> None:
        """Put a delivery that failed for good into the dead-letter queue."""


class Poster(Protocol):
    """HTTP to the endpoints of webhooks."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post a JSON body and return the outcome; raises nothing."""
