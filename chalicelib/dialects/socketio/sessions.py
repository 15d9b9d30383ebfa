"""The Socket.IO API's answers over HTTP: about sessions, in whatsapp-web.js's status words, and Engine.IO's errors."""

from typing import Annotated, Final, Literal, NotRequired, TypedDict, cast

from chalicelib.dialects.shared import (
    Failure,
    LastReasonJson,
    ReceiptJson,
    Success,
    failure,
    last_reason,
    receipt,
    success,
)
from chalicelib.dialects.socketio.frames import EventNames, InitializingJson, initializing
from chalicelib.domain.errors import EngineRefused, GatewayError, OfMessage, SessionNotConnected
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Reason, Session, Status, linked, needs_qr

State = Literal[
    "UNLAUNCHED",
    "OPENING",
    "UNPAIRED",
    "PAIRING",
    "CONNECTED",
    "DISCONNECTED",
    "CONFLICT",
    "DEPRECATED_VERSION",
    "TOS_BLOCK",
]

STATES: Final[dict[Status, State]] = {
    Status.CREATED: "UNLAUNCHED",
    Status.STARTING: "OPENING",
    Status.SCAN_QR: "UNPAIRED",
    Status.PAIRING: "PAIRING",
    Status.CONNECTED: "CONNECTED",
    Status.DISCONNECTED: "DISCONNECTED",
    Status.PASSKEY_REQUIRED: "UNPAIRED",
    Status.LOGGED_OUT: "UNPAIRED",
    Status.STOPPED: "DISCONNECTED",
    Status.FAILED: "DISCONNECTED",
    Status.DELETING: "DISCONNECTED",
}
"""The ``connectionState`` of a session, unless its reason says more."""
_REASONS: Final[dict[str | None, State]] = {
    Reason.REPLACED: "CONFLICT",
    Reason.CLIENT_OUTDATED: "DEPRECATED_VERSION",
    Reason.TEMPORARY_BAN: "TOS_BLOCK",
    Reason.ACCOUNT_LOCKED: "TOS_BLOCK",
    Reason.ACCOUNT_BANNED: "TOS_BLOCK",
}


class ReconnectingJson(TypedDict):
    """A session that is being started again, and where to hear of it."""

    sessionName: str
    reconnecting: Literal[True]
    websocketRoom: str
    events: EventNames


class StateJson(TypedDict):
    """How a session stands with WhatsApp."""

    connectionState: State
    lastReason: NotRequired[
        Annotated[LastReasonJson, "Why it last wasn't as its owner wanted; stays when it is again."]
    ]


class AuthenticatedJson(TypedDict):
    """Whether a session is linked."""

    isAuthenticated: bool


class WidJson(TypedDict):
    """Whose session it is."""

    wid: Annotated[str | None, "The linked account, as the library writes it (``…@c.us``); null if none is linked."]
    phoneMismatch: NotRequired[Annotated[Literal[True], "Another account is linked than the one it was created for."]]


class SentJson(TypedDict):
    """The answer to a send."""

    success: Literal[True]
    message: str
    data: ReceiptJson
    isAuthenticated: Literal[True]


class SocketioError(Failure):
    """An error; what can't be sent says in this family's word that the session must be connected first."""

    isAuthenticated: NotRequired[Literal[False]]
    session_disconnected: NotRequired[Literal[True]]
    needs_qr: NotRequired[bool]
    data: NotRequired[ReceiptJson]


def reconnecting(name: str) -> Success[ReconnectingJson]:
    """Return the answer to a reconnect: that to initialize-with-qr in other words."""
    said: InitializingJson = initializing(name)["data"]
    return success(
        {
            "sessionName": name,
            "reconnecting": True,
            "websocketRoom": said["websocketRoom"],
            "events": said["events"],
        },
        f"Session {name} reconnection started. Connect to WebSocket and join room '{said['websocketRoom']}' "
        "for QR code and status updates",
    )


def state(of: Session) -> Success[StateJson]:
    """Return how the session stands with WhatsApp."""
    ended = of.status in {Status.STOPPED, Status.FAILED}
    said: StateJson = {"connectionState": _REASONS.get(of.reason, STATES[of.status]) if ended else STATES[of.status]}
    last = last_reason(of)
    if last:
        said["lastReason"] = last
    return success(said)


def authenticated(of: Session) -> Success[AuthenticatedJson]:
    """Return whether the session is linked."""
    return success({"isAuthenticated": linked(of)})


def wid(of: Session) -> Success[WidJson]:
    """Return whose session it is."""
    said: WidJson = {"wid": f"{of.device.phone}@c.us" if of.device and linked(of) else None}
    if said["wid"] and of.phone_mismatch:
        said["phoneMismatch"] = True
    return success(said)


def sent(of: Message) -> SentJson:
    """Return the answer to a send."""
    text = "Message sent successfully" if of.settled else "Message queued"
    return {"success": True, "message": text, "data": receipt(of), "isAuthenticated": True}


def error(what: GatewayError, *, now: int, session_id: str | None) -> SocketioError:  # noqa: ARG001 - every family's
    """Return an error, with what a caller goes on with."""
    body = cast("SocketioError", failure(what))
    if isinstance(what, SessionNotConnected):
        standing = what.session
        body["message"] = "Session disconnected. Please reconnect."
        body |= {"isAuthenticated": False, "session_disconnected": True, "needs_qr": needs_qr(standing)}
    elif isinstance(what, OfMessage):
        body["data"] = receipt(what.failed)
    return body


UNKNOWN_TRANSPORT, BAD_METHOD, BAD_REQUEST, BAD_VERSION = 0, 2, 3, 5
"""Engine.IO's codes for what can be wrong with a request."""


class EngineError(TypedDict):
    """An error in Engine.IO's words."""

    code: int
    message: str


def engine_error(what: GatewayError, *, now: int, session_id: str | None) -> EngineError:  # noqa: ARG001 - every family's
    """Return an error at ``/socket.io``, as a client of Engine.IO reads it."""
    return {"code": what.engine if isinstance(what, EngineRefused) else BAD_REQUEST, "message": what.message}
