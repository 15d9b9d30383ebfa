"""Why a session is as it is: a stable code for programs, a sentence for people."""

from enum import StrEnum
from typing import Final


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
    CONNECTION_LOST = "connection_lost"
    CLIENT_RESTARTED = "client_restarted"
    CONNECT_FAILURE = "connect_failure"
    UNLINKED_FROM_PHONE = "unlinked_from_phone"
    UNLINKED_BY_OWNER = "unlinked_by_owner"
    UNLINK_UNCONFIRMED = "unlink_unconfirmed"
    PHONE_MISMATCH = "phone_mismatch"
    PHONE_MISMATCH_UNCONFIRMED = "phone_mismatch_unconfirmed"
    REPLACED = "replaced"
    CLIENT_OUTDATED = "client_outdated"
    TEMPORARY_BAN = "temporary_ban"


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
        "WhatsApp asks for a passkey to link this account, which this client library can't answer. "
        "Link it again later, or turn the passkey off in WhatsApp: Settings, Account, Passkeys."
    ),
    Reason.CONNECTION_LOST: "The connection to WhatsApp was lost; it reconnects by itself.",
    Reason.CLIENT_RESTARTED: (
        "The WhatsApp client ended over something that it couldn't read, and is started again. "
        "Messages that came in at that moment may be missing."
    ),
    Reason.CONNECT_FAILURE: "WhatsApp can't be reached or refuses for now; it is tried again.",
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
    Reason.TEMPORARY_BAN: "WhatsApp has banned this account for a while. The phone's app says for how long.",
}


MATTERS_OF_COURSE: Final = frozenset(
    {Reason.REQUESTED, Reason.WAITING_FOR_SCAN, Reason.NEW_SCAN_ROUND, Reason.QR_TIMEOUT}
)
"""Reasons that say nothing of what went wrong: how a start goes, and how it ends if nobody scans."""


def sentence(reason: str | None) -> str | None:
    """Return the sentence for ``reason``; a reason of WhatsApp's own that has none stays without."""
    return SENTENCES.get(reason) if reason else None


def ended(done: str, reason: str | None) -> str:
    """Return ``done`` (that a session was logged out, or deleted), with what its owner must still do about it."""
    return f"{done}. {SENTENCES[reason]}" if reason == Reason.UNLINK_UNCONFIRMED else done


def news(reason: str | None, message: str | None) -> str | None:
    """Return why a session is as it is, None where its owner knows that: it is as the owner asked."""
    return None if reason in {Reason.REQUESTED, Reason.UNLINKED_BY_OWNER} else message
