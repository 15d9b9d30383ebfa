"""One linking as WhatsApp's stanzas tell it: the machine over the table in ``states``.

Stanzas, the owner's answers and the time go in; stanzas and events come out. Nothing here waits or knows a socket: the
caller hands in each stanza with the monotonic time in seconds, calls ``tick`` at ``wake_at``, sends what
``stanzas_to_send`` returns, and acts on ``events``.

How codes and passkey go together
---------------------------------
A phone proves with the ADV secret that it has seen a code of this device: what it vouches for is sealed with that. So
there is one secret at a time, and a step that replaces it kills the codes that were shown before:

- a refresh by WhatsApp: the same reference is shown with a new secret for the time that it has left;
- a typed pairing code: the new secret grows of the exchange. If the phone then stays silent (another code was typed on
  it), the QR code is shown again, with the new secret;
- a demanded passkey: its request carries a new secret, and the codes' rotation stops, since there is no way back. Where
  a pairing code was typed and WhatsApp demands the passkey at once, the phone has seen no secret: nothing can be proved
  by it, so a person compares the codes.
"""

import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from chalicelib.domain.passkey import Assertion, Challenge, NoChallenge, check
from chalicelib.wire.node import SERVER, Attribute, MissingPart, Node
from chalicelib.wire.pairing import handoff_key
from chalicelib.wire.proto import MalformedMessage
from chalicelib.worker.linking import pairing, passkey, qr
from chalicelib.worker.linking.pairing import BadVoucher, LinkedDevice, Voucher
from chalicelib.worker.linking.pairing_code import ANSWER_S, LASTS_S, MOST_TRIES, PairingCode
from chalicelib.worker.linking.passkey import Ceremony
from chalicelib.worker.linking.registration import Appearance, DeviceKeys, new_secret
from chalicelib.worker.linking.states import FINAL, NEXT, ON_SHOW, Input, LinkingState, OutOfTurn, Why


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A QR code is to be shown for ``seconds``. ``refreshed`` says that it replaces the one before it at once.

    ``text`` is a secret.
    """

    text: str = field(repr=False)
    seconds: float
    refreshed: bool = False


@dataclass(frozen=True, slots=True)
class PairingCodeShown:
    """WhatsApp takes a pairing code for ``seconds`` from now on; any before it is dead. ``code`` is a secret."""

    phone: str = field(repr=False)
    code: str = field(repr=False)
    seconds: float


class CodeEnd(StrEnum):
    """Why a pairing code is dead."""

    REFUSED = "refused"
    """WhatsApp refuses the number, or has been asked for too many codes (400 means either)."""
    THROTTLED = "throttled"
    """WhatsApp has been asked for too many codes."""
    EXPIRED = "expired"
    """Nobody typed it in time."""
    UNANSWERED = "unanswered"
    """The phone on which it was typed stayed silent: another code was typed there."""
    WITHDRAWN = "withdrawn"
    """WhatsApp wants a new code in its place."""


@dataclass(frozen=True, slots=True)
class PairingCodeEnded:
    """The pairing code is dead; QR codes go on, and another one may be asked for."""

    why: CodeEnd


@dataclass(frozen=True, slots=True)
class PasskeyDemanded:
    """The owner is to sign ``challenge`` within ``seconds``; no code is on show any more."""

    challenge: Challenge
    seconds: float


@dataclass(frozen=True, slots=True)
class PasskeyCodeShown:
    """Phone and device show a code; ``confirm`` is to say within ``seconds`` whether it is the same.

    ``code`` is a secret.
    """

    code: str = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Vouched:
    """The phone has vouched for ``device``: store it, then call ``stored``, or ``not_stored``."""

    device: LinkedDevice


@dataclass(frozen=True, slots=True)
class Linked:
    """The device is linked and stored; WhatsApp waits for its login."""

    device: LinkedDevice


@dataclass(frozen=True, slots=True)
class Ended:
    """The linking came to nothing. ``detail`` is WhatsApp's code, or a word of ours; never a key or a code."""

    why: Why
    detail: str = ""


Event = (
    CodeShown
    | PairingCodeShown
    | PairingCodeEnded
    | PasskeyDemanded
    | PasskeyCodeShown
    | Vouched
    | Linked
    | Ended
)  # fmt: skip


class LinkingTimer(StrEnum):
    """What ends after a while."""

    REFERENCES = "references"
    ROTATION = "rotation"
    PING = "ping"
    PAIRING_CODE = "pairing_code"
    CODE_ANSWER = "code_answer"
    PASSKEY = "passkey"
    RESTART = "restart"


REFERENCES_S: Final = 30.0
ANSWER_IN_S: Final = 75.0
"""Seconds for WhatsApp to answer a request."""
PING_S: Final = (20.0, 30.0)
"""Seconds between pings: by chance, as the library does."""
PHONE_S: Final = 120.0
"""Seconds for the phone to go on with a passkey's step."""
CONFIRMATION_S: Final = 180.0
"""Seconds to compare the passkey's code with the phone's."""
RESTART_S: Final = 10.0
"""Seconds for WhatsApp to ask for the restart. The device is linked by then: it may log in without."""

_RESTART: Final = "515"
_OUTDATED: Final = "405"
_BAD_REQUEST, _TOO_MANY = "400", "429"
_WEEK_MS: Final = 7 * 24 * 3600 * 1000
_THREE_DAYS_MS: Final = 3 * 24 * 3600 * 1000


@dataclass(slots=True)
class _Request:
    answered: Callable[[Node, float], None]
    refused: Callable[[str, float], None]
    until: float


@dataclass(slots=True)
class _AskedCode:
    """The pairing code that was asked for last; ``reference`` is WhatsApp's once it takes the code."""

    code: PairingCode
    reference: bytes | None = None
    tries: int = 0


class Linking:
    """One linking of one device. ``now`` is always the monotonic time in seconds; ``unix_s`` is what it was once."""

    def __init__(self, keys: DeviceKeys, appearance: Appearance, *, now: float, unix_s: float) -> None:
        self.state = LinkingState.REGISTERING
        self._keys = keys
        self._appearance = appearance
        self._secret = new_secret()
        self._unix_offset = unix_s - now
        self._out: list[Node] = []
        self._events: list[Event] = []
        self._timers: dict[LinkingTimer, float] = {LinkingTimer.REFERENCES: now + REFERENCES_S}
        self._requests: dict[str, _Request] = {}
        self._prefix = "{}.{}-".format(*secrets.token_bytes(2))
        self._count = 0
        self._references: list[str] = []
        self._asked: _AskedCode | None = None
        self._challenge: Challenge | None = None
        self._secret_seen = True
        self._handoff: tuple[bytes, float] | None = None
        self._ceremony: Ceremony | None = None
        self._success: tuple[str, Voucher] | None = None
        self._next_ping(now)

    # What comes out.

    def stanzas_to_send(self) -> Sequence[Node]:
        """Return, once, what is to be sent, in this order."""
        out, self._out = self._out, []
        return out

    def events(self) -> Sequence[Event]:
        """Return, once, what has happened, in this order."""
        events, self._events = self._events, []
        return events

    @property
    def wake_at(self) -> float | None:
        """When ``tick`` has something to do; None at the end."""
        if self.state in FINAL:
            return None
        return min((*self._timers.values(), *(one.until for one in self._requests.values())), default=None)

    # What goes in.

    def receive(self, stanza: Node, now: float) -> None:
        """Take a stanza; one that can't be read, or comes out of turn, moves nothing."""
        if self.state in FINAL:
            return
        kind = stanza.text("type")
        if stanza.tag == "iq" and kind in {"result", "error"}:
            self._answered(stanza, now)
        elif stanza.tag == "iq":
            self._asked_of(stanza, now)
        elif stanza.tag == "notification":
            self._notified(stanza, now)
        elif stanza.tag == "stream:error":
            self._stream_ended(stanza.text("code"))
        elif stanza.tag == "failure":
            reason = _number(stanza.text("reason"))
            self.end(Why.OUTDATED if reason == _OUTDATED else Why.REFUSED, reason)
        elif stanza.tag == "ib" and stanza.find("downgrade_webclient"):
            self.end(Why.NO_MULTI_DEVICE)

    def tick(self, now: float) -> None:
        """Let end what has lasted long enough by ``now``."""
        if self.state in FINAL:
            return
        if any(request.until <= now for request in self._requests.values()):
            self.end(Why.SILENT)
            return
        for timer in [one for one, until in self._timers.items() if until <= now]:
            if self.state not in FINAL and self._timers.pop(timer, None) is not None:
                self._expired(timer, now)

    def show_pairing_code(self, phone: str, now: float, *, push: bool = True) -> None:
        """Ask WhatsApp to take a fresh pairing code for the number ``phone`` (digits), in the place of any before it.

        An event tells what comes of it. Raises OutOfTurn unless codes are on show.
        """
        if self.state is not LinkingState.SCANNING:
            raise OutOfTurn(self.state, Input.CODE_TYPED)
        asked = self._asked = _AskedCode(PairingCode(phone))
        self._timers.pop(LinkingTimer.PAIRING_CODE, None)
        self._ask(
            "set",
            asked.code.hello(self._keys, self._appearance, push=push),
            now,
            lambda answer, now: self._code_taken(asked, answer, now),
            lambda code, _: self._code_refused(asked, code),
        )

    def give_assertion(self, assertion: Mapping[str, Any], now: float) -> None:
        """Take the signed challenge. Raises BadAssertion, and changes nothing, if it isn't one for it; or OutOfTurn."""
        if self.state is not LinkingState.PASSKEY_REQUIRED or self._challenge is None:
            raise OutOfTurn(self.state, Input.ASSERTION_GIVEN)
        checked = check(self._challenge, assertion)
        self._move(Input.ASSERTION_GIVEN)
        if self._handoff and now - self._handoff[1] >= passkey.PROOF_S:
            # The proof is no good any more: both sides show a code.
            self._handoff = None
        self._timers[LinkingTimer.PASSKEY] = now + PHONE_S
        self._ask(
            "get",
            Node("ref"),
            now,
            lambda answer, now: self._prove(checked, answer, now),
            self._passkey_refused,
        )

    def confirm(self, now: float, *, same: bool) -> None:
        """Say whether the phone shows the code that the device shows. Raises OutOfTurn if none is shown."""
        if self.state is not LinkingState.PASSKEY_CONFIRMING:
            raise OutOfTurn(self.state, Input.CODE_CONFIRMED)
        if not same:
            self.end(Why.PASSKEY_DECLINED)
            return
        self._move(Input.CODE_CONFIRMED)
        self._request_pairing(now)

    def stored(self, now: float) -> None:
        """Say that the device is on the disk: only now WhatsApp is told that it agrees."""
        if self._success is None or not self._move(Input.DEVICE_STORED):
            raise OutOfTurn(self.state, Input.DEVICE_STORED)
        name, voucher = self._success
        self._out.append(Node("iq", {"to": SERVER, "type": "result", "id": name}, (voucher.answer,)))
        unix_ms = round((now + self._unix_offset) * 1000)
        session = {"id": str((unix_ms + _THREE_DAYS_MS) % _WEEK_MS)}
        self._out.append(Node("ib", {}, (Node("unified_session", session),)))
        self._timers = {LinkingTimer.RESTART: now + RESTART_S}
        self._requests.clear()

    def not_stored(self) -> None:
        """Say that the device couldn't be stored."""
        if self._success is None or self.state is not LinkingState.STORING:
            raise OutOfTurn(self.state, Input.DEVICE_STORED)
        self._refuse(self._success[0], 500, "internal-error")
        self.end(Why.NOT_STORED)

    def end(self, why: Why, detail: str = "") -> None:
        """End it, unless it has ended. Once the device has agreed it is linked, however the connection ends."""
        if self.state is LinkingState.RESTARTING:
            self._restart()
        elif self._move(Input.FAILED):
            self._events.append(Ended(why, detail))

    # Moves and requests.

    def _move(self, moved_by: Input) -> bool:
        following = NEXT.get((self.state, moved_by))
        if following is None:
            return False
        self.state = following
        return True

    def _ask(
        self,
        kind: str,
        child: Node | None,
        now: float,
        answered: Callable[[Node, float], None],
        refused: Callable[[str, float], None],
        *,
        xmlns: str = "md",
    ) -> None:
        self._count += 1
        name = f"{self._prefix}{self._count}"
        self._requests[name] = _Request(answered, refused, now + ANSWER_IN_S)
        attributes: dict[str, Attribute] = {"id": name, "xmlns": xmlns, "type": kind, "to": SERVER}
        self._out.append(Node("iq", attributes, (child,) if child else None))

    def _answered(self, stanza: Node, now: float) -> None:
        request = self._requests.pop(stanza.text("id"), None)
        if request is None:
            return
        if stanza.text("type") == "error":
            error = stanza.find("error")
            request.refused(_number(error.text("code")) if error else "", now)
            return
        try:
            request.answered(stanza, now)
        except (MissingPart, MalformedMessage, NoChallenge):
            request.refused("", now)

    def _asked_of(self, stanza: Node, now: float) -> None:
        """What WhatsApp asks of a device that registers: to show codes, and to agree with the phone."""
        if not _of_server(stanza):
            return
        if given := stanza.find("pair-device"):
            self._reply(stanza)
            self._show_all([ref.decode("ascii", "replace") for ref in map(_content, given.named("ref")) if ref], now)
        elif stanza.find("pair-success"):
            self._check_voucher(stanza)
        elif stanza.text("type") == "get" or stanza.text("xmlns") == "urn:xmpp:ping":
            self._reply(stanza)

    def _reply(self, stanza: Node) -> None:
        self._out.append(Node("iq", {"to": SERVER, "id": stanza.text("id"), "type": "result"}))

    def _refuse(self, name: str, code: int, text: str) -> None:
        error = Node("error", {"code": str(code), "text": text})
        self._out.append(Node("iq", {"to": SERVER, "type": "error", "id": name}, (error,)))

    def _notified(self, stanza: Node, now: float) -> None:
        ack = {"class": "notification", "id": stanza.text("id"), "type": stanza.text("type")}
        sender = stanza.attributes.get("from", SERVER)
        self._out.append(Node("ack", {**ack, "to": sender}))
        handle = {
            "companion_reg_refresh": self._refresh,
            "link_code_companion_reg": self._code_notified,
            "passkey_prologue_request": self._demand_passkey,
            "crsc_continuation": self._meet_phone,
        }.get(stanza.text("type"))
        if handle is None or not _of_server(stanza):
            return
        try:
            handle(stanza, now)
        except (MissingPart, MalformedMessage, ValueError):
            # A malformed stanza is dropped: the next one may be well-formed.
            return

    def _stream_ended(self, code: str) -> None:
        if code == _RESTART and self.state is LinkingState.RESTARTING:
            self._restart()
        else:
            self.end(Why.CLOSED, _number(code))

    def _restart(self) -> None:
        if self._success and self._move(Input.RESTART_ASKED):
            self._events.append(Linked(self._success[1].device))

    def _expired(self, timer: LinkingTimer, now: float) -> None:
        match timer:
            case LinkingTimer.PING:
                self._ask("get", None, now, lambda *_: None, lambda *_: None, xmlns="w:p")
                self._next_ping(now)
            case LinkingTimer.ROTATION:
                self._show_next(now)
            case LinkingTimer.PAIRING_CODE:
                self._end_code(CodeEnd.EXPIRED)
            case LinkingTimer.CODE_ANSWER:
                self._code_unanswered(now)
            case LinkingTimer.PASSKEY:
                theirs = self.state in {LinkingState.PASSKEY_REQUIRED, LinkingState.PASSKEY_CONFIRMING}
                self.end(Why.PASSKEY_EXPIRED if theirs else Why.SILENT)
            case LinkingTimer.RESTART:
                self._restart()
            case LinkingTimer.REFERENCES:
                self.end(Why.SILENT)

    def _next_ping(self, now: float) -> None:
        self._timers[LinkingTimer.PING] = now + random.uniform(*PING_S)  # noqa: S311 - as regular as the library's

    # QR codes.

    def _show_all(self, references: list[str], now: float) -> None:
        if references and self._move(Input.REFERENCES_GIVEN):
            self._timers.pop(LinkingTimer.REFERENCES, None)
            self._references = references
            self._show(now, qr.lasts(len(references)))

    def _show_next(self, now: float) -> None:
        self._references.pop(0)
        if self._references:
            self._show(now, qr.OTHER_S)
        elif self._asked is None:
            self.end(Why.CODES_RAN_OUT)

    def _show(self, now: float, seconds: float, *, refreshed: bool = False) -> None:
        shown = qr.text(self._references[0], self._keys, self._secret, self._appearance.platform)
        self._timers[LinkingTimer.ROTATION] = now + seconds
        self._events.append(CodeShown(shown, seconds, refreshed))

    def _refresh(self, stanza: Node, now: float) -> None:
        """WhatsApp retires the secret that is on show."""
        known = stanza.find("companion_reg_refresh") or stanza.find("pair-device-rotate-qr")
        until = self._timers.get(LinkingTimer.ROTATION)
        if known and self.state is LinkingState.SCANNING and until is not None and until > now:
            self._secret = new_secret()
            self._show(now, until - now, refreshed=True)

    # The pairing code.

    def _code_taken(self, asked: _AskedCode, answer: Node, now: float) -> None:
        reference = answer.get("link_code_companion_reg", "link_code_pairing_ref").data
        if asked is self._asked:
            asked.reference = reference
            self._timers[LinkingTimer.PAIRING_CODE] = now + LASTS_S
            self._events.append(PairingCodeShown(asked.code.phone, asked.code.shown, LASTS_S))

    def _code_refused(self, asked: _AskedCode, code: str) -> None:
        if asked is self._asked:
            self._end_code(CodeEnd.THROTTLED if code == _TOO_MANY else CodeEnd.REFUSED)

    def _end_code(self, why: CodeEnd) -> None:
        if self._asked:
            self._asked = None
            self._timers.pop(LinkingTimer.PAIRING_CODE, None)
            self._events.append(PairingCodeEnded(why))
        if self.state is LinkingState.SCANNING and LinkingTimer.ROTATION not in self._timers:
            self.end(Why.CODES_RAN_OUT)

    def _code_notified(self, stanza: Node, now: float) -> None:
        told = stanza.get("link_code_companion_reg")
        asked = self._asked
        if asked is None or asked.reference is None or told.get("link_code_pairing_ref").data != asked.reference:
            return
        if told.text("stage") == "refresh_code":
            self._end_code(CodeEnd.WITHDRAWN)
            return
        if told.find("link_code_pairing_wrapped_primary_ephemeral_pub") is None:
            # Accounts with a passkey are announced like this before the passkey is demanded.
            self._secret_seen = False
            return
        if asked.tries >= MOST_TRIES or (self.state, Input.CODE_TYPED) not in NEXT:
            return
        finish = asked.code.answer(told, asked.reference, self._keys.identity)
        asked.tries += 1
        self._secret_seen = True
        self._move(Input.CODE_TYPED)
        self._secret = finish.secret
        self._timers.pop(LinkingTimer.ROTATION, None)
        self._timers.pop(LinkingTimer.PAIRING_CODE, None)
        self._timers[LinkingTimer.CODE_ANSWER] = now + ANSWER_S
        self._ask("set", finish.node, now, lambda *_: None, lambda _, now: self._code_unanswered(now))

    def _code_unanswered(self, now: float) -> None:
        self._timers.pop(LinkingTimer.CODE_ANSWER, None)
        if self._move(Input.CODE_UNANSWERED):
            if self._references:
                self._show(now, qr.OTHER_S, refreshed=True)
            self._end_code(CodeEnd.UNANSWERED)

    # The passkey.

    def _demand_passkey(self, stanza: Node, now: float) -> None:
        if options := stanza.find("passkey_request_options"):
            self._require(Challenge.parse(options.data), now)
        elif self._move(Input.PASSKEY_DEMANDED):
            self._leave_codes(now)
            self._timers[LinkingTimer.PASSKEY] = now + PHONE_S
            self._ask("get", Node("passkey_request_options"), now, self._options_given, self._passkey_refused)

    def _options_given(self, answer: Node, now: float) -> None:
        self._require(Challenge.parse(answer.get("passkey_request_options").data), now)

    def _require(self, challenge: Challenge, now: float) -> None:
        leaves = self.state in ON_SHOW
        if not self._move(Input.OPTIONS_GIVEN):
            return
        if leaves:
            self._leave_codes(now)
        self._challenge = challenge
        self._timers[LinkingTimer.PASSKEY] = now + challenge.lasts
        self._events.append(PasskeyDemanded(challenge, challenge.lasts))

    def _leave_codes(self, now: float) -> None:
        """Keep what proves that the phone has seen our secret, if it can have, and show no code any more."""
        self._handoff = (handoff_key(self._secret), now) if self._secret_seen else None
        self._secret = new_secret()
        self._asked = None
        for timer in (LinkingTimer.ROTATION, LinkingTimer.PAIRING_CODE, LinkingTimer.CODE_ANSWER):
            self._timers.pop(timer, None)

    def _prove(self, assertion: Assertion, answer: Node, now: float) -> None:
        reference = answer.get("ref").data.decode("ascii", "replace")
        self._ceremony = Ceremony(self._appearance.platform, reference)
        prologue = self._ceremony.prologue(assertion, self._handoff[0] if self._handoff else None)
        self._ask("set", prologue, now, lambda *_: None, self._passkey_refused)

    def _meet_phone(self, stanza: Node, now: float) -> None:
        if self._ceremony is None or self.state is not LinkingState.PASSKEY_PROVING:
            return
        code = self._ceremony.meet(stanza.get("primary_ephemeral_identity").data)
        self._ask(
            "set",
            Node("companion_nonce", {}, self._ceremony.nonce),
            now,
            lambda _, now: self._introduced(code, now),
            self._passkey_refused,
        )

    def _introduced(self, code: str, now: float) -> None:
        if self._handoff is not None:
            if self._move(Input.HANDOFF_PROVED):
                self._request_pairing(now)
        elif self._move(Input.PHONE_ANSWERED):
            self._timers[LinkingTimer.PASSKEY] = now + CONFIRMATION_S
            self._events.append(PasskeyCodeShown(code, CONFIRMATION_S))

    def _request_pairing(self, now: float) -> None:
        if self._ceremony:
            self._timers[LinkingTimer.PASSKEY] = now + PHONE_S
            request = self._ceremony.request(self._keys, self._secret)
            self._ask("set", request, now, lambda *_: None, self._passkey_refused)

    def _passkey_refused(self, code: str, _: float) -> None:
        self.end(Why.PASSKEY_REFUSED, code)

    # The end of it.

    def _check_voucher(self, stanza: Node) -> None:
        if (self.state, Input.PHONE_VOUCHED) not in NEXT:
            return
        try:
            voucher = pairing.check(stanza, self._keys, self._secret)
        except BadVoucher as bad:
            self._refuse(stanza.text("id"), bad.code, str(bad))
            self.end(Why.BAD_VOUCHER, str(bad))
            return
        self._move(Input.PHONE_VOUCHED)
        self._success = stanza.text("id"), voucher
        self._timers = {}
        self._requests.clear()
        self._events.append(Vouched(voucher.device))


def _of_server(stanza: Node) -> bool:
    return str(stanza.attributes.get("from", SERVER)) == str(SERVER)


def _content(node: Node) -> bytes:
    try:
        return node.data
    except MissingPart:
        return b""


def _number(code: str) -> str:
    """Return a code of WhatsApp's that is one, for details: what comes from outside goes no further as a text."""
    return code if code.isascii() and code.isdecimal() and len(code) < 8 else ""
