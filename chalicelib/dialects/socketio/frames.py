"""What Socket.IO clients are told: ``qr-code``, ``status-update`` and ``session-complete``, as Socket.IO events.

Codes are one topic, statuses another: a client that joins while things happen hears each of them once.
"""

from typing import Final, Literal, TypedDict

from chalicelib.dialects.dialect import Saying
from chalicelib.dialects.shared import Success, iso, success
from chalicelib.domain import events as e
from chalicelib.domain.engineio import emitted
from chalicelib.domain.errors import GatewayError
from chalicelib.domain.events import Envelope
from chalicelib.domain.picture import ascii_art
from chalicelib.domain.session import Session, news
from chalicelib.domain.session import Status as S

LASTING: Final = 30_000
"""Milliseconds that a connection must be lost before it is called an error: most come back sooner."""
JOIN, LEAVE = "join-session", "leave-session"
QR_CODE, STATUS_UPDATE, SESSION_COMPLETE = "qr-code", "status-update", "session-complete"
STATUSES: Final = ("notLogged", "qrReadSuccess", "qrReadError", "authenticated", "ready", "error")
IN_CHAT: Final = "inChat"
"""The status that session-complete carries."""


class EventNames(TypedDict):
    """What the events are called that tell of a session."""

    qrCode: str
    statusUpdate: str
    sessionComplete: str


class InitializingJson(TypedDict):
    """A session that is being started, and where to hear of it."""

    sessionName: str
    initializing: Literal[True]
    websocketRoom: str
    events: EventNames


_FAILURES: Final = {
    one.type
    for one in (
        e.PasskeyRequested,
        e.PasskeyRefused,
        e.ClientOutdated,
        e.RegistrationRefused,
        e.TemporaryBan,
        e.AccountRefused,
        e.GaveUp,
    )
}


def event(envelope: Envelope, session: Session | None, now: int) -> list[Saying]:
    """Return what an event is to those in the room; a code is taken from ``session``, as it stands."""
    name, at, reason = envelope.session, envelope.at, envelope.data.get("reason")
    sentence = news(reason, envelope.data.get("message"))
    match envelope.type:
        case e.QRShown.type:
            standing = session if session and session.uid == envelope.uid else None
            return _code(standing, now) if standing else []
        case e.WorkerClaimed.type if envelope.data.get("status") == S.STARTING:
            return [_waiting(name, at, sentence)]
        case e.ScanRoundEnded.type | e.QRTimeout.type | e.LoggedOut.type | e.Unlinked.type:
            return [_waiting(name, at, sentence, reason)]
        case e.Stopped.type | e.StreamReplaced.type | e.PasskeyLapsed.type:
            return [_waiting(name, at, sentence, reason)]
        case e.DELETED:
            return [_waiting(name, at, "The session was deleted", "deleted")]
        case e.PairSuccess.type:
            return [_scanned(name, at, mismatch=bool(envelope.data.get("phone_mismatch")))]
        case e.PairError.type:
            return [_status("qrReadError", name, at, error=sentence)]
        case e.Connected.type:
            return [_ready(name, at, mismatch=bool(envelope.data.get("phone_mismatch")))]
        case _ if envelope.type in _FAILURES:
            return [_error(name, at, reason, sentence)]
        case _:
            return []


def snapshot(session: Session | None, now: int) -> list[Saying]:
    """Return what one who joins must know; nothing of a session that isn't there."""
    if session is None:
        return []
    name, at, sentence = session.id, session.since, news(session.reason, session.message)
    match session.status:
        case S.SCAN_QR:
            return [_waiting(name, at, sentence), *_code(session, now)]
        case S.PAIRING:
            return [_scanned(name, at, mismatch=session.phone_mismatch)]
        case S.CONNECTED:
            return [_ready(name, at, mismatch=session.phone_mismatch)]
        case S.DISCONNECTED:
            return [_error(name, at, session.reason, sentence)] if now - session.since >= LASTING else []
        case S.PASSKEY_REQUIRED | S.FAILED:
            return [_error(name, at, session.reason, sentence)]
        case S.LOGGED_OUT | S.STOPPED:
            return [_waiting(name, at, sentence, session.reason)]
        case _:
            return [_waiting(name, at, sentence)]


def reply(text: str) -> list[str]:  # noqa: ARG001 - every family's
    """Return nothing: what such a client says is a packet, which the Socket.IO server answers over its channel."""
    return []


def complaint(error: GatewayError, name: str, now: int) -> str:
    """Return the frame for a join that is refused, to a client that wants no acknowledgement."""
    return _status("error", name, now, error=error.message).frames[0]


def initializing(name: str) -> Success[InitializingJson]:
    """Return the answer to initialize-with-qr."""
    room = f"session-{name}"
    return success(
        {
            "sessionName": name,
            "initializing": True,
            "websocketRoom": room,
            "events": {"qrCode": QR_CODE, "statusUpdate": STATUS_UPDATE, "sessionComplete": SESSION_COMPLETE},
        },
        f"Session {name} initialization started. Connect to WebSocket and join room '{room}' "
        "for QR code and status updates",
    )


def _waiting(name: str, at: int, sentence: str | None, ended: str | None = None) -> Saying:
    """Say that it isn't linked; ``ended`` is why it isn't any more, which is news also to who heard the former."""
    otherwise = "The session isn't running" if ended else "Waiting for authentication"
    said = _status("notLogged", name, at, message=sentence or otherwise)
    return Saying(said.frames, "status", f"notLogged:{ended}" if ended else "notLogged")


def _scanned(name: str, at: int, *, mismatch: bool) -> Saying:
    """The client shows nothing between a good scan and the link's keys: both are said at once, in their order.

    ``mismatch`` says that another account scanned than the one that the session is for.
    """
    wrong = {"phoneMismatch": True} if mismatch else {}
    scanned = _status("qrReadSuccess", name, at, message="QR code scanned", **wrong)
    linked = _status("authenticated", name, at, message="Successfully authenticated", **wrong)
    return Saying([*scanned.frames, *linked.frames], "status", "authenticated")


def _ready(name: str, at: int, *, mismatch: bool) -> Saying:
    wrong = {"phoneMismatch": True} if mismatch else {}
    ready = _status("ready", name, at, message="Client fully initialized", **wrong)
    done = {"sessionName": name, "status": IN_CHAT, "message": "Session authenticated", "timestamp": iso(at), **wrong}
    return Saying([*ready.frames, emitted(SESSION_COMPLETE, done)], "status", "ready", last=True)


def _error(name: str, at: int, reason: str | None, sentence: str | None) -> Saying:
    said = _status("error", name, at, error=sentence or "Something went wrong")
    return Saying(said.frames, "status", f"error:{reason}")


def _status(word: str, name: str, at: int, **more: str | bool | None) -> Saying:
    said = {"status": word, "sessionName": name, "timestamp": iso(at)}
    return Saying([emitted(STATUS_UPDATE, said | {k: v for k, v in more.items() if v})], "status", word)


def _code(session: Session, now: int) -> list[Saying]:
    qr = session.code_at(now)
    if qr is None:
        return []
    code = {
        "base64": qr.image,
        "ascii": ascii_art(qr.matrix),
        "attempts": qr.attempt,
        "urlCode": qr.code,
        "sessionName": session.id,
    }
    return [Saying([emitted(QR_CODE, code)], "code", str(qr.expires_at))]
