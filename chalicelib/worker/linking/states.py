"""The states of a linking, the one table that says which input leads from which to which, and why a linking ends.

    CONNECTING ─► REGISTERING ─► SCANNING ─────────────► STORING ─► RESTARTING ─► LINKED
                                  │  ▲ │                    ▲
                                  ▼  │ │                    │
                            FINISHING ─┼────────────────────┤
                                  │    ▼                    │
                                  │  PASSKEY_ASKING         │
                                  │    ▼                    │
                                  └► PASSKEY_REQUIRED ◄─┐   │
                                       ▼                │   │
                                     PASSKEY_PROVING    │   │
                                       ▼                │   │
                                     PASSKEY_CONFIRMING │   │
                                       ▼                    │
                                     PASSKEY_FINISHING ─────┘

From each state but the last two it may END. What WhatsApp sends out of turn moves nothing; what the owner asks out of
turn is refused.
"""

from enum import StrEnum
from typing import Final


class LinkingState(StrEnum):
    """How far a linking has come."""

    CONNECTING = "connecting"
    """The handshake isn't finished."""
    REGISTERING = "registering"
    """WhatsApp knows of the device, and hasn't given references for codes yet."""
    SCANNING = "scanning"
    """QR codes are on show, and a pairing code if one was asked for."""
    FINISHING = "finishing"
    """A phone has typed the pairing code, and has been given our half of its exchange."""
    PASSKEY_ASKING = "passkey_asking"
    """WhatsApp demands a passkey and hasn't said for which challenge."""
    PASSKEY_REQUIRED = "passkey_required"
    """The owner is to sign WhatsApp's challenge."""
    PASSKEY_PROVING = "passkey_proving"
    """The signature was given, and is under way to WhatsApp; the phone hasn't answered yet."""
    PASSKEY_CONFIRMING = "passkey_confirming"
    """Phone and device show a code; somebody is to say that it is the same."""
    PASSKEY_FINISHING = "passkey_finishing"
    """The phone has been given what it needs, and is to vouch for the device."""
    STORING = "storing"
    """The phone has vouched for the device; its keys aren't on the disk yet."""
    RESTARTING = "restarting"
    """The device is stored and has said so; WhatsApp is to close the connection for its login."""
    LINKED = "linked"
    """The device is linked, and the connection of no further use."""
    ENDED = "ended"
    """It came to nothing."""


class Input(StrEnum):
    """What moves a linking."""

    SERVER_PROVED = "server_proved"
    REFERENCES_GIVEN = "references_given"
    CODE_TYPED = "code_typed"
    CODE_UNANSWERED = "code_unanswered"
    PASSKEY_DEMANDED = "passkey_demanded"
    OPTIONS_GIVEN = "options_given"
    ASSERTION_GIVEN = "assertion_given"
    PHONE_ANSWERED = "phone_answered"
    CODE_CONFIRMED = "code_confirmed"
    HANDOFF_PROVED = "handoff_proved"
    PHONE_VOUCHED = "phone_vouched"
    DEVICE_STORED = "device_stored"
    RESTART_ASKED = "restart_asked"
    FAILED = "failed"


class OutOfTurn(Exception):
    """The owner asks for what a linking in this ``state`` can't do; nothing has changed."""

    def __init__(self, state: LinkingState, asked: Input) -> None:
        super().__init__(f"{asked} in {state}")
        self.state = state


S, I = LinkingState, Input  # noqa: E741 - the table is read by its columns

FINAL: Final = frozenset({S.LINKED, S.ENDED})
ON_SHOW: Final = frozenset({S.SCANNING, S.FINISHING})
"""States in which the secret of a shown code may still be replaced, or a passkey demanded."""
UNVOUCHED: Final = frozenset({
    S.SCANNING, S.FINISHING, S.PASSKEY_REQUIRED, S.PASSKEY_PROVING, S.PASSKEY_CONFIRMING, S.PASSKEY_FINISHING,
})  # fmt: skip
"""States in which a phone may vouch. WhatsApp decides what it demands first: the secret alone tells a good answer."""

NEXT: Final[dict[tuple[LinkingState, Input], LinkingState]] = {
    (S.CONNECTING, I.SERVER_PROVED): S.REGISTERING,
    (S.REGISTERING, I.REFERENCES_GIVEN): S.SCANNING,
    (S.SCANNING, I.REFERENCES_GIVEN): S.SCANNING,
    (S.SCANNING, I.CODE_TYPED): S.FINISHING,
    (S.FINISHING, I.CODE_TYPED): S.FINISHING,
    (S.FINISHING, I.CODE_UNANSWERED): S.SCANNING,
    **{(s, I.PASSKEY_DEMANDED): S.PASSKEY_ASKING for s in ON_SHOW},
    **{(s, I.OPTIONS_GIVEN): S.PASSKEY_REQUIRED for s in (*ON_SHOW, S.PASSKEY_ASKING)},
    # A further challenge replaces the one before it.
    (S.PASSKEY_REQUIRED, I.OPTIONS_GIVEN): S.PASSKEY_REQUIRED,
    (S.PASSKEY_REQUIRED, I.ASSERTION_GIVEN): S.PASSKEY_PROVING,
    (S.PASSKEY_PROVING, I.HANDOFF_PROVED): S.PASSKEY_FINISHING,
    (S.PASSKEY_PROVING, I.PHONE_ANSWERED): S.PASSKEY_CONFIRMING,
    (S.PASSKEY_CONFIRMING, I.CODE_CONFIRMED): S.PASSKEY_FINISHING,
    **{(s, I.PHONE_VOUCHED): S.STORING for s in UNVOUCHED},
    (S.STORING, I.DEVICE_STORED): S.RESTARTING,
    (S.RESTARTING, I.RESTART_ASKED): S.LINKED,
    **{(s, I.FAILED): S.ENDED for s in S if s not in FINAL},
}
"""Every move there is."""


class Why(StrEnum):
    """The kinds of ends, each of which another sentence, or another thing to do, belongs to."""

    UNREACHABLE = "unreachable"
    """WhatsApp, or the proxy on the way there, can't be reached."""
    NOT_WHATSAPP = "not_whatsapp"
    """Who answered can't prove to be WhatsApp, or speaks another protocol."""
    OUTDATED = "outdated"
    """WhatsApp refuses the version (405)."""
    REFUSED = "refused"
    """WhatsApp refuses the registration for another reason; the detail is its code."""
    CODES_RAN_OUT = "codes_ran_out"
    """Nobody scanned or typed a code in time."""
    NO_MULTI_DEVICE = "no_multi_device"
    """The phone that scanned the code can't link devices of this kind: its WhatsApp is too old."""
    CLOSED = "closed"
    """WhatsApp closed the connection, or it broke; the detail is WhatsApp's code, if it gave one."""
    SILENT = "silent"
    """WhatsApp left a request, or the handshake, unanswered."""
    BAD_VOUCHER = "bad_voucher"
    """What the phone vouched for isn't sealed or signed as it must be; the detail says which."""
    NOT_STORED = "not_stored"
    """The device couldn't be stored."""
    PASSKEY_EXPIRED = "passkey_expired"
    """Nobody signed the challenge, or confirmed the code, in time."""
    PASSKEY_REFUSED = "passkey_refused"
    """WhatsApp refuses the passkey's assertion, or the step after it; the detail is its code."""
    PASSKEY_DECLINED = "passkey_declined"
    """The owner said that the phone shows another code."""
    CANCELLED = "cancelled"
    """The owner gave up."""
