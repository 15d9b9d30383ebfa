"""A session: what its owner wants (``desired``), what is observed of it (``status``), and why (``reason``)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.phone import is_same_number
from chalicelib.domain.proxy import Proxy


class Reason(StrEnum):
    """Codes that a status carries in ``reason``."""

    REQUESTED = "requested"
    TENANT_DISABLED = "tenant_disabled"
    WORKER_LOST = "worker_lost"
    UPGRADED = "upgraded"
    NO_CAPACITY = "no_capacity"
    NO_SPOT_CAPACITY = "no_spot_capacity"
    WORKER_KEEPS_FAILING = "worker_keeps_failing"
    WAITING_FOR_SCAN = "waiting_for_scan"
    NEW_SCAN_ROUND = "new_scan_round"
    QR_TIMEOUT = "qr_timeout"
    PAIR_ERROR = "pair_error"
    PASSKEY_REQUIRED = "passkey_required"
    PASSKEY_UNSUPPORTED = "passkey_unsupported"
    PASSKEY_EXPIRED = "passkey_expired"
    PASSKEY_DECLINED = "passkey_declined"
    PASSKEY_REFUSED = "passkey_refused"
    CONNECTION_LOST = "connection_lost"
    CLIENT_RESTARTED = "client_restarted"
    CONNECT_FAILURE = "connect_failure"
    PROXY_FAILURE = "proxy_failure"
    UNLINKED_FROM_PHONE = "unlinked_from_phone"
    UNLINKED_BY_OWNER = "unlinked_by_owner"
    UNLINK_UNCONFIRMED = "unlink_unconfirmed"
    PHONE_MISMATCH = "phone_mismatch"
    PHONE_MISMATCH_UNCONFIRMED = "phone_mismatch_unconfirmed"
    REPLACED = "replaced"
    CLIENT_OUTDATED = "client_outdated"
    REGISTRATION_REFUSED = "registration_refused"
    TEMPORARY_BAN = "temporary_ban"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_BANNED = "account_banned"


SENTENCES: Final[dict[str, str]] = {
    Reason.REQUESTED: "As its owner asked.",
    Reason.TENANT_DISABLED: "Its tenant is disabled. It goes on by itself when the tenant is enabled again.",
    Reason.WORKER_LOST: "The worker was lost; another one takes over.",
    Reason.UPGRADED: "A worker of a newer version takes over.",
    Reason.NO_CAPACITY: "There is no room for a worker just now; it is tried again.",
    Reason.NO_SPOT_CAPACITY: "There is no Spot capacity just now; a worker is started on demand instead.",
    Reason.WORKER_KEEPS_FAILING: "Worker after worker came to nothing. See the worker's log, then start it again.",
    Reason.WAITING_FOR_SCAN: "Scan the QR code in WhatsApp: Settings, Linked devices, Link a device.",
    Reason.NEW_SCAN_ROUND: "All codes expired unscanned; a new one follows.",
    Reason.QR_TIMEOUT: "Nobody scanned a code in time. Connect again to get a new one.",
    Reason.PAIR_ERROR: "The pairing failed; a new code follows.",
    Reason.PASSKEY_REQUIRED: (
        "WhatsApp asks for the account's passkey before it links a device. "
        "Sign with it in a browser on a computer: this gateway's page /passkey leads through that."
    ),
    Reason.PASSKEY_UNSUPPORTED: (
        "WhatsApp asks for the account's passkey before it links a device, and the client library, by which this code "
        "was shown, can't answer. Connect again, to link by a client that can (LINKER=own)."
    ),
    Reason.PASSKEY_EXPIRED: "Nobody signed with the passkey, or compared the codes, in time. Connect again.",
    Reason.PASSKEY_DECLINED: "The phone showed another code than the gateway, so nothing was linked. Connect again.",
    Reason.PASSKEY_REFUSED: "WhatsApp refused the passkey's answer. Connect again, and sign with the account's own.",
    Reason.CONNECTION_LOST: "The connection to WhatsApp was lost; it reconnects by itself.",
    Reason.CLIENT_RESTARTED: (
        "The WhatsApp client ended over something that it couldn't read, and is started again. "
        "Messages that came in at that moment may be missing."
    ),
    Reason.CONNECT_FAILURE: "WhatsApp can't be reached or refuses for now; it is tried again.",
    Reason.PROXY_FAILURE: "The session's proxy can't be reached, or refuses; it is tried again.",
    Reason.UNLINKED_FROM_PHONE: "The device was unlinked from the phone. Scan a new code to link it again.",
    Reason.UNLINKED_BY_OWNER: "The device was unlinked as its owner asked.",
    Reason.UNLINK_UNCONFIRMED: (
        "The device's keys are removed, but WhatsApp couldn't be told. Remove it on the phone: Linked devices."
    ),
    Reason.PHONE_MISMATCH: (
        "Another account than the one that the session is for scanned the code; it was unlinked again. "
        "Scan with the right phone."
    ),
    Reason.PHONE_MISMATCH_UNCONFIRMED: (
        "Another account than the one that the session is for scanned the code; its keys are removed here, but "
        "WhatsApp couldn't be told. Remove the device on that phone: Linked devices."
    ),
    Reason.REPLACED: "The same linked device connected elsewhere. Connect again to take it back.",
    Reason.CLIENT_OUTDATED: "WhatsApp refuses this version of the client library: Switchboard must be upgraded.",
    Reason.REGISTRATION_REFUSED: (
        "WhatsApp refuses to show a code for a new device, by either way to link one. Connect again later; if it is "
        "refused then as well, Switchboard must be upgraded."
    ),
    Reason.TEMPORARY_BAN: "WhatsApp has banned this account for a while. The phone's app says for how long.",
    Reason.ACCOUNT_LOCKED: (
        "WhatsApp has locked this account, and unlinked it. Open WhatsApp on its phone and do what it asks for; then "
        "link it again."
    ),
    Reason.ACCOUNT_BANNED: (
        "WhatsApp has banned this account, and unlinked it. WhatsApp on its phone says how to ask for a review."
    ),
}

BAN_CAUSES: Final[dict[int, str]] = {
    101: "It has sent to too many people who don't have its number.",
    102: "Too many people have blocked it.",
    103: "It has made too many groups with people who don't have its number.",
    104: "It has sent the same message too often.",
    106: "It has sent to broadcast lists too often.",
}
"""Why WhatsApp bans for a while, by its code."""


MATTERS_OF_COURSE: Final = frozenset(
    {Reason.REQUESTED, Reason.WAITING_FOR_SCAN, Reason.NEW_SCAN_ROUND, Reason.QR_TIMEOUT}
)
"""Reasons that say nothing of what went wrong: how a start goes, and how it ends if nobody scans."""

LINKING_LAPSED: Final = frozenset(
    {
        Reason.QR_TIMEOUT,
        Reason.PASSKEY_UNSUPPORTED,
        Reason.PASSKEY_EXPIRED,
        Reason.PASSKEY_DECLINED,
        Reason.PASSKEY_REFUSED,
        Reason.PHONE_MISMATCH,
        Reason.PHONE_MISMATCH_UNCONFIRMED,
    }
)
"""Reasons why a linking came to nothing that whoever holds the phone may try again."""


def sentence(reason: str | None) -> str | None:
    """Return the sentence for ``reason``; None for a reason of WhatsApp's own that has no sentence here."""
    return SENTENCES.get(reason) if reason else None


def ended(done: str, reason: str | None) -> str:
    """Return ``done`` (that a session was logged out, or deleted), with what its owner must still do about it."""
    return f"{done}. {SENTENCES[reason]}" if reason == Reason.UNLINK_UNCONFIRMED else done


def news(reason: str | None, message: str | None) -> str | None:
    """Return why a session is as it is, None where its owner knows that: it is as the owner asked."""
    return None if reason in {Reason.REQUESTED, Reason.UNLINKED_BY_OWNER} else message


ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What a session's id, chosen by its owner, may look like."""


class Desired(StrEnum):
    """What the owner wants of a session."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNLINKED = "unlinked"
    DELETED = "deleted"


class Status(StrEnum):
    """What is observed of a session."""

    # Only ``transitions`` assigns one.

    CREATED = "CREATED"
    STARTING = "STARTING"
    SCAN_QR = "SCAN_QR"
    PAIRING = "PAIRING"
    CONNECTED = "CONNECTED"
    DISCONNECTED = "DISCONNECTED"
    PASSKEY_REQUIRED = "PASSKEY_REQUIRED"
    LOGGED_OUT = "LOGGED_OUT"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    DELETING = "DELETING"


LIVE: Final = frozenset({Status.STARTING, Status.SCAN_QR, Status.PAIRING, Status.CONNECTED, Status.DISCONNECTED})
"""Statuses in which a worker serves the session, or is about to; see ``Session.live`` for one that may be."""


@dataclass(frozen=True, slots=True)
class Device:
    """The linked device of a session, as WhatsApp names it: ``number:n@s.whatsapp.net`` and ``lid:n@lid``.

    ``platform`` is what the account's phone called itself when it scanned, ``android`` for one.
    """

    jid: str
    lid: str | None = None
    platform: str | None = None

    @property
    def phone(self) -> str:
        """The account's phone number, digits only."""
        return _user(self.jid)

    @property
    def lid_user(self) -> str | None:
        """The account's LID, digits only, where WhatsApp told it."""
        return _user(self.lid) if self.lid else None


def _user(jid: str) -> str:
    """Return whom a device's JID names, without its device and its agent."""
    return jid.partition("@")[0].partition(":")[0].partition(".")[0]


@dataclass(frozen=True, slots=True)
class QRCode:
    """One pairing code as the client shows it.

    ``code`` is the client's text unchanged, and a secret; ``image`` its PNG as data URI; ``matrix`` its modules, a
    row a line, ``1`` for dark, without quiet zone; ``attempt`` counts from 1 within a scan round.
    """

    code: str = field(repr=False)
    image: str = field(repr=False)
    matrix: str = field(repr=False)
    attempt: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class ShownPairingCode:
    """A code that somebody types on the phone in the place of scanning a picture; ``code`` is a secret.

    ``phone`` is the number's digits: the code links that account alone.
    """

    code: str = field(repr=False)
    phone: str = field(repr=False)
    expires_at: int


class PasskeyStep(StrEnum):
    """What a linking with a passkey waits for."""

    SIGN = "sign"
    """The owner signs the options with the account's passkey."""
    PHONE = "phone"
    """WhatsApp and the phone answer."""
    CONFIRM = "confirm"
    """The owner compares the code with the phone's."""


@dataclass(frozen=True, slots=True)
class PasskeyDemand:
    """The passkey that WhatsApp asks for before it links the device, and how far the answer has come.

    ``options`` are WhatsApp's WebAuthn request options, as JSON; ``expires_at`` is until when the step waits. ``code``
    is what the phone shows too, a secret, while the step is ``CONFIRM``.
    """

    options: str = field(repr=False)
    expires_at: int
    step: PasskeyStep = PasskeyStep.SIGN
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The event that the newest write of a session is; ``data`` never holds a code, a key or a text."""

    id: str
    type: str
    at: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LastReason:
    """The newest reason why the session wasn't as its owner wanted it; ``at`` is when it arose, in milliseconds."""

    reason: str
    at: int

    @property
    def message(self) -> str | None:
        """The reason as a sentence."""
        return sentence(self.reason)


@dataclass(frozen=True, slots=True)
class WebhookFailure:
    """The newest failed delivery that was written down; times in milliseconds since the Unix epoch.

    ``event`` is the event's id, ``attempts`` the number of attempts so far; ``given_up`` says that there will be no
    further one, else ``next_at`` is its time. ``status`` is what the endpoint answered, if it did, ``reason`` a
    code. ``recovered_at`` is when an event was delivered again.
    """

    at: int
    event: str
    attempts: int
    reason: str
    status: int | None = None
    given_up: bool = False
    next_at: int | None = None
    recovered_at: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One WhatsApp account linked, or to be linked; times in milliseconds since the Unix epoch.

    ``id`` is its owner's name for it, ``uid`` names this creation of it and keys everything stored for it.
    ``generation`` grows with each request of the owner that changes anything; a final status answers the one in
    ``observed_generation``. ``epoch`` counts claims: the worker named in ``worker`` serves it under the newest.
    ``last_reason`` is the newest one that wasn't a matter of course, also when the status has moved on since.
    ``until`` is how long WhatsApp refuses the account, where it says so.
    ``since`` is when the status was reached, ``deadline`` when the reconciler acts if it hasn't changed, ``next_at``
    when it will change by itself. ``round`` counts scan rounds, ``attempts`` claims that came to nothing so far.
    ``task`` is the task definition that its worker was started from. ``claimed_at`` is when the worker was claimed, or
    when ECS had room for it; ``refusals`` counts how often it had none since the claim, and ``on_demand`` says that the
    worker isn't to run on Spot, where there was none.
    ``suspended`` says that its tenant is disabled, ``resumes`` that it is wanted running when that is over.
    ``erased`` says that a worker has removed the device's files. ``webhook_secret`` signs what goes to ``webhook_url``;
    ``webhook_disabled_at`` is when that endpoint said it was gone for good, since when nothing goes there;
    ``webhook_failure`` is how it failed of late;
    ``webhook_generation`` grows each time the endpoint is set, also to the same address. An endpoint
    that was set by a family's own call has that family's ``webhook_format``, the ``webhook_events`` that it asked for
    (None: all that the family knows), and perhaps a ``webhook_key`` of its own, which the family's signature is made
    with; ``webhook_gateway`` is the gateway's address as whoever set it called it, which files are named by. A native
    one has ``webhook_events`` too, and ``webhook_types``, the types of messages that it is told of. All
    traffic with WhatsApp goes through ``proxy``, if there is one. ``restarts`` counts what ends a client's
    connection so that another is made: its owner's requests, and changes of the proxy. ``metadata`` is its owner's own.
    ``require_phone_match`` says that no account but that of ``phone`` may be linked. ``pairing_code`` stands beside the
    QR code where one was asked for; ``passkey`` is what WhatsApp demands while the status is ``PASSKEY_REQUIRED``, None
    where nobody is there who could take the answer. ``linked_at`` is when the account that was linked last connected
    for the first time; it stays when that is unlinked again. ``request`` is the id of the last
    call that changed it.
    """

    tenant: str
    id: str
    uid: str
    created_at: int
    name: str = ""
    phone: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    webhook_disabled_at: int | None = None
    webhook_generation: int = 0
    webhook_failure: WebhookFailure | None = None
    webhook_format: str | None = None
    webhook_events: tuple[str, ...] | None = None
    webhook_types: tuple[str, ...] | None = None
    webhook_key: str | None = field(default=None, repr=False)
    webhook_gateway: str | None = None
    enabled: bool = True
    require_phone_match: bool = False
    proxy: Proxy | None = None
    restarts: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    request: str | None = None
    version: int = 0
    desired: Desired = Desired.STOPPED
    generation: int = 0
    requested_at: int = 0
    status: Status = Status.CREATED
    observed_generation: int = 0
    reason: str | None = None
    message: str | None = None
    last_reason: LastReason | None = None
    until: int | None = None
    since: int = 0
    deadline: int | None = None
    next_at: int | None = None
    epoch: int = 0
    worker: str | None = None
    task: str | None = None
    standby: bool = False
    mailbox: str | None = None
    claimed_at: int = 0
    launches: int = 0
    refusals: int = 0
    on_demand: bool = False
    attempts: int = 0
    round: int = 0
    device: Device | None = None
    connected_at: int | None = None
    suspended: bool = False
    resumes: bool = False
    erased: bool = False
    qr: QRCode | None = None
    pairing_code: ShownPairingCode | None = None
    passkey: PasskeyDemand | None = None
    last_event: LastEvent | None = None
    linked_at: int | None = None

    @property
    def live(self) -> bool:
        """Whether a worker serves the session, or is about to. One that waits for a passkey's answer does."""
        return self.status in LIVE or (self.status is Status.PASSKEY_REQUIRED and self.passkey is not None)

    @property
    def answered(self) -> bool:
        """Whether the status is final and answers the owner's newest request."""
        return not self.live and self.observed_generation == self.generation

    def without_code(self) -> "Session":
        """Return the session without its codes, for callers who may not link it; its status still tells of them."""
        if self.passkey:
            # That one is demanded stays: it says that the session lives.
            return replace(self, qr=None, pairing_code=None, passkey=replace(self.passkey, options="", code=None))
        return replace(self, qr=None, pairing_code=None) if self.qr or self.pairing_code else self

    def for_holder(self) -> "Session":
        """Return the session as the holder of its phone may see it: nothing of who serves it, how, and for whom."""
        return replace(
            self,
            worker=None,
            webhook_url=None,
            webhook_secret=None,
            webhook_failure=None,
            webhook_key=None,
            webhook_gateway=None,
            proxy=None,
            metadata={},
        )

    @property
    def phone_mismatch(self) -> bool:
        """Whether the account that is linked isn't the one that the session was created for."""
        return self.device is not None and not self._is_for(self.device)

    def refuses(self, device: Device) -> bool:
        """Whether ``device``, which isn't known to have been connected before, must be unlinked again."""
        return self.require_phone_match and self.connected_at is None and not self._is_for(device)

    def _is_for(self, device: Device) -> bool:
        return self.phone is None or is_same_number(self.phone, device.phone)

    def code_at(self, now: int) -> QRCode | None:
        """Return the code that can be scanned at ``now``, if one can: none once the owner wants no link any more."""
        waits = self.status is Status.SCAN_QR and self.desired is Desired.RUNNING
        if waits and self.qr and self.qr.expires_at > now:
            return self.qr
        return None

    def pairing_code_at(self, now: int) -> ShownPairingCode | None:
        """Return the pairing code that can be typed at ``now``, if one can."""
        waits = self.status is Status.SCAN_QR and self.desired is Desired.RUNNING
        if waits and self.pairing_code and self.pairing_code.expires_at > now:
            return self.pairing_code
        return None

    def passkey_at(self, now: int) -> PasskeyDemand | None:
        """Return what WhatsApp demands at ``now``; None where it doesn't, or no longer, or the owner gave up."""
        waits = self.status is Status.PASSKEY_REQUIRED and self.desired is Desired.RUNNING
        if waits and self.passkey and self.passkey.expires_at > now:
            return self.passkey
        return None


_NO_DEVICE_ANY_MORE: Final = {Status.SCAN_QR, Status.LOGGED_OUT}
"""Statuses in which the device that is still noted is unlinked."""
_NO_USE_OF_A_CODE: Final = {Status.PAIRING, Status.CONNECTED, Status.DELETING, Status.PASSKEY_REQUIRED, Status.FAILED}
"""Statuses in which a code is of no use: the session is linked, or a scan wouldn't help it."""

_NOT_QUITE_LINKED: Final = {Status.SCAN_QR, Status.PAIRING, Status.LOGGED_OUT}
"""Statuses in which the device that is noted isn't linked any more, or not yet."""


def linked(session: Session) -> bool:
    """Whether a linked device is stored; connected or not."""
    return session.device is not None and session.status not in _NOT_QUITE_LINKED


def needs_qr(session: Session) -> bool:
    """Whether somebody must scan a code, also where none is shown yet."""
    return session.status not in _NO_USE_OF_A_CODE and (session.device is None or session.status in _NO_DEVICE_ANY_MORE)
