"""What the worker needs of a WhatsApp client: a Protocol, and the events it yields, in whatsmeow's names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from chalicelib.domain.messages import MessageStatus, Party
from chalicelib.domain.questions import Contact, Group, IncomingCall, MarkRead, Typing
from chalicelib.domain.session import Device
from chalicelib.services.messages.store import Received
from chalicelib.worker.linking.registration import USUAL, Appearance
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.media_connection import MediaConnection
from chalicelib.worker.whatsapp.outgoing import Outgoing
from chalicelib.worker.whatsapp.sealed import Sealed


@dataclass(frozen=True, slots=True)
class QREvent:
    """The client shows a code; six a round, unless the server hands out fewer. ``code`` is a secret.

    ``seconds`` is for how long, None if the client doesn't say: then the first of six is shown for 60, others for 20.
    """

    code: str = field(repr=False)
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class CodesRanOutEvent:
    """Nobody scanned a code in time, and the client has no more; it is of no further use."""


@dataclass(frozen=True, slots=True)
class PairSuccessEvent:
    """A phone scanned the code and its signature is good. The client reconnects by itself as the linked device."""

    device: Device


@dataclass(frozen=True, slots=True)
class PairErrorEvent:
    """A phone scanned the code, but its signature isn't good, or the keys couldn't be stored."""

    error: str


@dataclass(frozen=True, slots=True)
class PairingCodeEvent:
    """WhatsApp takes a pairing code for ``phone`` (digits), for ``seconds``; any before it is dead. A secret."""

    phone: str = field(repr=False)
    code: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class PairingCodeEndedEvent:
    """The pairing code is dead, or there is none: ``why`` is refused, throttled, expired, unanswered or withdrawn."""

    why: str


@dataclass(frozen=True, slots=True)
class PasskeyRequestEvent:
    """WhatsApp wants a passkey before it links this account: ``options`` (JSON) are to be signed within ``seconds``.

    None: the client library links, which has no way to answer.
    """

    options: str | None = field(default=None, repr=False)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PasskeyCodeEvent:
    """The phone shows a code, which somebody is to compare with ``code`` within ``seconds``. A secret."""

    code: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class PasskeyEndedEvent:
    """Nothing came of the passkey: ``why`` is passkey_expired, passkey_declined or passkey_refused."""

    why: str


@dataclass(frozen=True, slots=True)
class ConnectedEvent:
    """Logged in. ``device`` is what the client's own store says."""

    device: Device


@dataclass(frozen=True, slots=True)
class DisconnectedEvent:
    """The socket closed; the client reconnects by itself."""


@dataclass(frozen=True, slots=True)
class KeepAliveTimeoutEvent:
    """WhatsApp leaves pings unanswered: the connection looks open and isn't."""


@dataclass(frozen=True, slots=True)
class KeepAliveRestoredEvent:
    """Pings are answered again."""

    device: Device


@dataclass(frozen=True, slots=True)
class LoggedOutEvent:
    """The device isn't linked any more; the client has deleted it from its store. ``code`` is WhatsApp's number."""

    code: int


@dataclass(frozen=True, slots=True)
class StreamReplacedEvent:
    """The same device logged in elsewhere; the client doesn't reconnect."""


@dataclass(frozen=True, slots=True)
class ClientOutdatedEvent:
    """WhatsApp refuses this version of the library."""


@dataclass(frozen=True, slots=True)
class RegistrationRefusedEvent:
    """WhatsApp refuses to register a device for linking, and not just for now: no client of this process can link."""


@dataclass(frozen=True, slots=True)
class TemporaryBanEvent:
    """WhatsApp refuses this account for ``seconds``."""

    code: int
    seconds: int


@dataclass(frozen=True, slots=True)
class ConnectFailureEvent:
    """WhatsApp refused the login for a reason that has no event of its own; the client doesn't try again."""

    code: int


@dataclass(frozen=True, slots=True)
class EndedEvent:
    """``connect`` came back: the first connection failed (``error`` says how), or the client was stopped.

    One that had logged in ended over something that it couldn't hand on, and disconnects: there are no more events.
    """

    error: str | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message came in. WhatsApp has been told so already, by the client itself, and won't repeat it.

    ``file`` is where its media lies, if it has any that can be fetched; ``sealed`` is what it says by another message's
    secret.
    """

    received: Received
    file: WhatsAppFile | None = None
    sealed: Sealed | None = None


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """Whom we wrote to has got messages of ours (``status`` is delivered), has read them (read), or ``played`` them.

    Sent: the account's phone got a copy, so they did go out. In a group ``by`` is the member who gave it, ``at`` when,
    in milliseconds since the Unix epoch.
    """

    whatsapp_ids: tuple[str, ...]
    status: MessageStatus
    by: Party | None = None
    at: int | None = None
    played: bool = False


@dataclass(frozen=True, slots=True)
class ReadElsewhere:
    """Another device of the account has read messages that came in to a chat (a JID), and all before them there."""

    chat: str
    whatsapp_ids: tuple[str, ...]


ClientEvent = (
    QREvent
    | CodesRanOutEvent
    | PairSuccessEvent
    | PairErrorEvent
    | PairingCodeEvent
    | PairingCodeEndedEvent
    | PasskeyRequestEvent
    | PasskeyCodeEvent
    | PasskeyEndedEvent
    | ConnectedEvent
    | DisconnectedEvent
    | KeepAliveTimeoutEvent
    | KeepAliveRestoredEvent
    | LoggedOutEvent
    | StreamReplacedEvent
    | ClientOutdatedEvent
    | RegistrationRefusedEvent
    | TemporaryBanEvent
    | ConnectFailureEvent
    | EndedEvent
)
Emit = Callable[[ClientEvent], None]


@dataclass(frozen=True, slots=True)
class Handlers:
    """What a client calls with what happens, from threads of its own, one call at a time: each must return at once.

    Meanwhile the client collects a hundred events more, which die with it, then stops taking in what WhatsApp sends.
    """

    event: Emit
    message: Callable[[Incoming | ReadElsewhere], None]
    receipt: Callable[[ReceiptEvent], None]


class NotNow(Exception):
    """The linking has come too far for what its owner asks, or not far enough; nothing has changed."""


class OwnersActs(Protocol):
    """What its owner can do while a device is linked by our own half. What comes of it comes as events."""

    def show_pairing_code(self, phone: str) -> None:
        """Have WhatsApp take a fresh pairing code for a number (digits). Raises NotNow."""

    def give_assertion(self, assertion: Mapping[str, Any]) -> None:
        """Give the passkey's answer. Raises BadAssertion and NotNow."""

    def confirm(self, *, same: bool) -> None:
        """Say whether the phone shows the same code. Raises NotNow."""


class Client(Protocol):
    """A WhatsApp client over one device database. Its calls may hang: bound them."""

    @property
    def linked_as(self) -> Device | None:
        """The device that it has linked, or logged in as; None before it has told of either."""

    @property
    def leaves_remains(self) -> bool:
        """Whether some of it stays in the process once it is of no further use: then the next needs a fresh image."""

    @property
    def linking(self) -> OwnersActs | None:
        """What the owner can do for its linking; None where the library links, and once a device is linked."""

    def connect(self) -> None:
        """Begin to connect and return; what follows comes as events."""

    def is_connected(self) -> bool:
        """Whether a websocket is open. While a code is shown it is the only sign that the client is dead."""

    def send(self, to: str, outgoing: Outgoing) -> str | None:
        """Send to the JID ``to``; return WhatsApp's id of the message once its server has acknowledged it.

        None for what is a message here and none to WhatsApp: a group's timer. Takes as long as the server does, 75 s at
        the most. Raises NotSendable for what the library can't send, and what ``errors.unsent`` returns.
        """

    def mark_read(self, read: MarkRead) -> None:
        """Tell WhatsApp, and by it the writer, that messages were read, or played. Raises as ``contact`` does."""

    def show_typing(self, typing: Typing) -> None:
        """Show in a chat what the account is doing; nothing is waited for. Raises as ``contact`` does."""

    def show_online(self, *, online: bool) -> None:
        """Show the account as online, or as away. Raises as ``contact`` does."""

    def reject_call(self, call: IncomingCall) -> None:
        """Reject a call that rings. Raises as ``contact`` does."""

    def media_connection(self) -> MediaConnection:
        """Return where files are uploaded to, and the token for it; may take as long as a question to WhatsApp.

        Raises NotSent if WhatsApp couldn't be asked.
        """

    def contact(self, who: str) -> Contact:
        """Ask whether a phone number (digits), in any of its forms, or a LID's JID is on WhatsApp; 75 s at the most.

        Raises what ``errors.unanswered`` returns.
        """

    def phone_of(self, lid: str) -> str | None:
        """Return the phone number of a LID (digits), None if the client's own store doesn't know it."""

    def lid_of(self, phone: str) -> str | None:
        """Return the LID of a phone number (digits), None if the client's own store doesn't know it."""

    def groups(self) -> list[Group]:
        """Ask which groups the account is in; 75 s at the most. Raises what ``errors.unanswered`` returns."""

    def logout(self) -> bool:
        """Unlink the device at WhatsApp and forget it; False if WhatsApp refused or couldn't be told."""

    def disconnect(self) -> None:
        """Close the websocket."""


class MakeClient(Protocol):
    """Makes a client."""

    def __call__(
        self,
        database: Path,
        handlers: Handlers,
        *,
        linking: bool,
        proxy: str | None = None,
        appearance: Appearance = USUAL,
    ) -> Client:
        """Return a client over ``database``; ``linking`` says that no device is stored there yet.

        A device that it links has the ``appearance``. It connects through ``proxy``, the address of one on this
        machine, if there is one.
        """
