"""Why a request about a session is refused just now, as the error that says so."""

from typing import Final

from chalicelib.domain.errors import (
    AlreadyConnected,
    GatewayError,
    PasskeyRequired,
    SessionDeleting,
    SessionDisabled,
    SessionFailed,
    SessionNotConnected,
    SessionNotFound,
    SessionStopped,
)
from chalicelib.domain.session import Desired, Session, Status, news

DELETING_TAKES: Final = 5
"""Seconds after which it is worth asking again whether a session is gone."""


def found(session: Session | None, session_id: str) -> Session:
    """Return the session that was looked for by that id; raises SessionNotFound."""
    if session is None:
        raise SessionNotFound(f"There is no session '{session_id}'.", field="id")
    return session


def deleting(session: Session) -> SessionDeleting:
    """Return the error for a session that is on its way out."""
    return SessionDeleting(
        f"The session '{session.id}' is being deleted.",
        field="id",
        hint="Try again when it is gone.",
        retry_after=DELETING_TAKES,
        session=session,
    )


def why_no_code(session: Session) -> GatewayError | None:
    """Return why no code will come for ``session`` as it stands; None if one may."""
    match session.status:
        case Status.DELETING:
            return deleting(session)
        case Status.CONNECTED | Status.PAIRING:
            return AlreadyConnected("The session is linked already: there is nothing to scan.", session=session)
        case Status.DISCONNECTED:
            return AlreadyConnected(
                "The session is linked, and reconnecting: there is nothing to scan.", session=session
            )
        case Status.PASSKEY_REQUIRED if session.answered:
            return PasskeyRequired(session.message or "", session=session)
        case Status.FAILED if session.answered:
            return SessionFailed(session.message or "", session=session)
        case _ if session.desired is not Desired.RUNNING or session.answered:
            return SessionStopped(
                news(session.reason, session.message) or "The session isn't running.",
                hint="Connect it first.",
                session=session,
            )
        case _:
            return None


def must_be_connected(session: Session) -> None:
    """Raise SessionDisabled or SessionNotConnected if nothing can be had of WhatsApp over it as it stands."""
    if not session.enabled:
        raise SessionDisabled("The session is switched off.", hint="Set 'enabled' to true.", field="enabled")
    if session.status is Status.CONNECTED and session.desired is Desired.RUNNING:
        return
    starting = session.status is Status.STARTING and session.desired is Desired.RUNNING
    otherwise = "It is starting: try again in a moment." if starting else "Connect it."
    raise SessionNotConnected(
        "The session isn't connected to WhatsApp.",
        hint=news(session.reason, session.message) or f"{otherwise} If it isn't linked, scan its QR code.",
        session=session,
    )
