"""What happens to a session: the link events that change its status, and the envelope in which events are published.

Events of the client library keep whatsmeow's names. Each class carries the ``type`` under which it is published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from msgspec import Struct

from chalicelib.domain.messages import Message
from chalicelib.domain.proxy import Proxy
from chalicelib.domain.session import Device, PasskeyDemand, QRCode, Reason, ShownPairingCode, WebhookFailure


class LinkEvent(Struct, frozen=True):
    """A fact that may change a session's status, or another of its fields."""

    type: ClassVar[str]


# What the owner asks.


class StartRequested(LinkEvent, frozen=True):
    """The owner wants the session running."""

    type: ClassVar[str] = "session.start_requested"


class StopRequested(LinkEvent, frozen=True):
    """The owner wants it stopped, its linked device kept."""

    type: ClassVar[str] = "session.stop_requested"


class RestartRequested(LinkEvent, frozen=True):
    """The owner wants it running over a new connection: one that runs reconnects, one that doesn't starts."""

    type: ClassVar[str] = "session.restart_requested"


class UnlinkRequested(LinkEvent, frozen=True):
    """The owner wants the device unlinked, the session kept."""

    type: ClassVar[str] = "session.unlink_requested"


class DeleteRequested(LinkEvent, frozen=True):
    """The owner wants the session gone."""

    type: ClassVar[str] = "session.delete_requested"


class SettingsChanged(LinkEvent, frozen=True):
    """The owner changed what isn't about running: None leaves a setting as it is, an empty address removes it.

    Setting an address enables an endpoint that was disabled (410), also if the address is the old one. A new address
    comes with a new secret. With a format, all of the session's webhook settings are replaced; the old address without
    a format leaves them as they are. ``webhook_events`` and ``webhook_types`` without a format are in the native words,
    and make the endpoint a native one; empty, they ask for everything.
    ``direct`` removes the proxy; ``metadata`` takes the place of all that there was.
    """

    name: str | None = None
    enabled: bool | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    webhook_format: str | None = None
    webhook_events: tuple[str, ...] | None = None
    webhook_types: tuple[str, ...] | None = None
    webhook_key: str | None = None
    webhook_gateway: str | None = None
    require_phone_match: bool | None = None
    proxy: Proxy | None = None
    direct: bool = False
    metadata: Mapping[str, str] | None = None
    type: ClassVar[str] = "session.changed"

    def __repr__(self) -> str:
        """Name what changes, without its value: some are secrets."""
        return f"SettingsChanged({', '.join(self._set)})"

    @property
    def changed(self) -> list[str]:
        """What is set anew, in the words that sessions are told in; all of a webhook's parts are ``webhook``."""
        words = {"direct": "proxy"}
        return sorted({words.get(name, name) if not name.startswith("webhook_") else "webhook" for name in self._set})

    @property
    def _set(self) -> list[str]:
        return [
            name
            for name in self.__struct_fields__
            if getattr(self, name) is not None and not (name == "direct" and not self.direct)
        ]


# What becomes of its tenant.


class TenantDisabled(LinkEvent, frozen=True):
    """The tenant was disabled: a session that runs is stopped, its linked device kept, and nothing is posted for it."""

    type: ClassVar[str] = "session.suspended"


class TenantEnabled(LinkEvent, frozen=True):
    """The tenant is enabled again: what ran when it was disabled is wanted running."""

    type: ClassVar[str] = "session.resumed"


# What the reconciler does.


class WorkerClaimed(LinkEvent, frozen=True):
    """A worker is named for the next epoch. ``standby``: it runs already; ``lost``: the worker before it was lost.

    ``task`` is the task definition that it is started from; ``upgraded``: the worker before it ran an older one.
    """

    worker: str
    mailbox: str
    standby: bool
    lost: bool = False
    task: str | None = None
    upgraded: bool = False
    type: ClassVar[str] = "session.starting"


class Launched(LinkEvent, frozen=True):
    """RunTask was called once more for the claim in force: after a refusal anew, else with the same token."""

    type: ClassVar[str] = "session.launched"


class LaunchRefused(LinkEvent, frozen=True):
    """ECS had no room, or throttled; tried again at ``retry_at``, from then on without Spot if ``on_demand``."""

    reason: str
    retry_at: int
    on_demand: bool = False
    type: ClassVar[str] = "session.launch_refused"


class GaveUp(LinkEvent, frozen=True):
    """Worker after worker came to nothing."""

    type: ClassVar[str] = "session.failed"


# What the worker reports.


class Restarted(LinkEvent, frozen=True):
    """The client was thrown away, as its owner asked or since its proxy changed, and another one is made."""

    # The same as any start to those who are told.
    type: ClassVar[str] = "session.starting"


class QRShown(LinkEvent, frozen=True):
    """The client shows a code."""

    qr: QRCode
    type: ClassVar[str] = "session.qr"


class ScanRoundEnded(LinkEvent, frozen=True):
    """All codes of this round expired unscanned; another round follows."""

    type: ClassVar[str] = "session.scan_round_ended"


class QRTimeout(LinkEvent, frozen=True):
    """All codes of the last round expired unscanned."""

    type: ClassVar[str] = "session.qr_timeout"


class PairSuccess(LinkEvent, frozen=True):
    """A phone scanned the code and the client accepted the link."""

    device: Device
    type: ClassVar[str] = "session.pairing"


class PairError(LinkEvent, frozen=True):
    """The pairing failed; a new code follows."""

    type: ClassVar[str] = "session.pair_error"


class PairingCodeTaken(LinkEvent, frozen=True):
    """WhatsApp takes a pairing code, in the place of any before it."""

    pairing_code: ShownPairingCode
    type: ClassVar[str] = "session.pairing_code"


class PairingCodeLapsed(LinkEvent, frozen=True):
    """The pairing code is dead, the QR code not. ``why``: expired, unanswered or withdrawn."""

    why: str
    type: ClassVar[str] = "session.pairing_code_ended"


class PasskeyRequested(LinkEvent, frozen=True):
    """WhatsApp wants a passkey before it links this account; None where the worker has no way to answer."""

    passkey: PasskeyDemand | None = None
    type: ClassVar[str] = "session.passkey_required"


class PasskeyAnswered(LinkEvent, frozen=True):
    """The passkey's answer, or the owner's word about the code, is under way; the phone has until ``expires_at``."""

    expires_at: int
    type: ClassVar[str] = "session.passkey_answered"


class PasskeyConfirmationRequested(LinkEvent, frozen=True):
    """Phone and gateway show a code, and somebody is to say until ``expires_at`` whether it is the same."""

    code: str
    expires_at: int
    type: ClassVar[str] = "session.passkey_confirmation_required"

    def __repr__(self) -> str:
        """Leave the code out: it is a secret."""
        return f"PasskeyConfirmationRequested(expires_at={self.expires_at})"


class PasskeyLapsed(LinkEvent, frozen=True):
    """The owner didn't answer in time, or said that the phone shows another code. ``reason`` is a code."""

    reason: str
    type: ClassVar[str] = "session.passkey_lapsed"


class PasskeyRefused(LinkEvent, frozen=True):
    """WhatsApp refused the passkey's answer."""

    type: ClassVar[str] = "session.passkey_refused"


class Connected(LinkEvent, frozen=True):
    """The client is logged in."""

    device: Device
    type: ClassVar[str] = "session.connected"


class Disconnected(LinkEvent, frozen=True):
    """The connection is gone; the client reconnects by itself. ``reason``: connection_lost or replaced."""

    reason: str = "connection_lost"
    type: ClassVar[str] = "session.disconnected"


class ConnectFailure(LinkEvent, frozen=True):
    """WhatsApp can't be reached, or refuses for now; the worker tries again at ``retry_at``."""

    reason: str
    retry_at: int
    type: ClassVar[str] = "session.connect_failure"


class LoggedOut(LinkEvent, frozen=True):
    """This device isn't linked any more. ``reason`` is a code: WhatsApp says so, or the account was the wrong one.

    ``phone`` is the number of an account that was refused.
    """

    reason: str
    phone: str | None = None
    type: ClassVar[str] = "session.logged_out"


class StreamReplaced(LinkEvent, frozen=True):
    """The same device connected elsewhere."""

    type: ClassVar[str] = "session.replaced"


class ClientOutdated(LinkEvent, frozen=True):
    """WhatsApp refuses this version of the client library (405)."""

    type: ClassVar[str] = "session.client_outdated"


class RegistrationRefused(LinkEvent, frozen=True):
    """WhatsApp refuses to register a device, for good and by either linker, so there is no code to scan."""

    type: ClassVar[str] = "session.registration_refused"


class TemporaryBan(LinkEvent, frozen=True):
    """WhatsApp has banned the account for a while (402), for the cause that ``code`` names.

    ``until`` is in milliseconds since the Unix epoch, None if WhatsApp doesn't say.
    """

    code: int = 0
    until: int | None = None
    type: ClassVar[str] = "session.banned"


class AccountRefused(LinkEvent, frozen=True):
    """WhatsApp has locked (403) or banned (406) the account; its device isn't linked any more."""

    reason: Reason
    type: ClassVar[str] = "session.account_refused"


class Stopped(LinkEvent, frozen=True):
    """The session's worker ended as the owner asked, or there was none to end."""

    type: ClassVar[str] = "session.stopped"


class Unlinked(LinkEvent, frozen=True):
    """The device is unlinked as the owner asked; unconfirmed if WhatsApp couldn't be told in time."""

    confirmed: bool = True
    type: ClassVar[str] = "session.unlinked"


class Erased(LinkEvent, frozen=True):
    """A worker logged the device out, as far as it could, and removed its files."""

    confirmed: bool = True
    type: ClassVar[str] = "session.erased"


# What the endpoint of its webhook says.


class WebhookFailing(LinkEvent, frozen=True):
    """A delivery to the endpoint failed; not each one is noted (see ``webhook.news``)."""

    failure: WebhookFailure
    type: ClassVar[str] = "session.webhook_failing"


class WebhookRecovered(LinkEvent, frozen=True):
    """The endpoint took an event again, after a failure that was noted."""

    type: ClassVar[str] = "session.webhook_recovered"


class WebhookDisabled(LinkEvent, frozen=True):
    """The endpoint answered that it is gone for good (410); nothing goes there any more until it is set again."""

    failure: WebhookFailure
    type: ClassVar[str] = "session.webhook_disabled"


CREATED: Final = "session.created"
"""The type of the event that a session begins with."""
DELETED: Final = "session.deleted"
"""The type of the event that the removal of a session is."""

OWNER_EVENTS: Final = (StartRequested, RestartRequested, StopRequested, UnlinkRequested, DeleteRequested)
TENANT_EVENTS: Final = (TenantDisabled, TenantEnabled)
LINK_EVENTS: Final[tuple[type[LinkEvent], ...]] = (
    *OWNER_EVENTS,
    *TENANT_EVENTS,
    SettingsChanged,
    WorkerClaimed,
    Launched,
    LaunchRefused,
    GaveUp,
    Restarted,
    QRShown,
    ScanRoundEnded,
    QRTimeout,
    PairSuccess,
    PairError,
    PairingCodeTaken,
    PairingCodeLapsed,
    PasskeyRequested,
    PasskeyAnswered,
    PasskeyConfirmationRequested,
    PasskeyLapsed,
    PasskeyRefused,
    Connected,
    Disconnected,
    ConnectFailure,
    LoggedOut,
    StreamReplaced,
    ClientOutdated,
    RegistrationRefused,
    TemporaryBan,
    AccountRefused,
    Stopped,
    Unlinked,
    Erased,
    WebhookFailing,
    WebhookRecovered,
    WebhookDisabled,
)
"""Every link event there is."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as watchers, history and webhooks get it.

    ``id`` is stable over repeats and redrives: a client drops one that it knows. ``cursor`` is opaque and sorts in
    the order of the session's log; hand it back as ``since``. A message's event comes with the ``message`` for those
    who are told at once; history keeps the event without it.
    """

    id: str
    type: str
    tenant: str
    session: str
    uid: str
    at: int
    cursor: str
    data: Mapping[str, Any]
    message: Message | None = None

    @property
    def of_message(self) -> bool:
        """Whether it happened to one of the session's messages, rather than to the session."""
        return self.type.startswith("message.")
