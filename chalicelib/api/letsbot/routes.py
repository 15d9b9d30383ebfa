"""LetsBot's routes about its session, under ``/api/v1``.

None names a session: the API key's is meant, else the tenant's only one.
"""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.auth import permit
from chalicelib.api.call import Answer, Call
from chalicelib.api.codes import LONGEST_WAIT, NO_CODE
from chalicelib.api.router import Router
from chalicelib.dialects.letsbot import DIALECT, shapes
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    Contended,
    SessionAmbiguous,
    SessionDisabled,
    SessionNotFound,
    SessionQuotaExceeded,
    WorkerQuotaExceeded,
)
from chalicelib.domain.session import Session

router: Final = Router(__name__, DIALECT)
_READ, _WRITE, _LINK = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE, Permission.SESSIONS_LINK
UNCLEAR: Final = (SessionNotFound, SessionAmbiguous)
"""Why it may not be known which session is meant."""


@router.route(
    "POST",
    "/api/v1/qr",
    needs=_LINK,
    gives={200: Success[shapes.LetsBotCodeJson]},
    refuses=(SessionAmbiguous, Contended, SessionQuotaExceeded, SessionDisabled, WorkerQuotaExceeded, *NO_CODE),
)
def qr(call: Call) -> Answer:
    """Give the code to scan: the session is made if it isn't there, and started if it doesn't run."""
    permit(call.caller, _WRITE)
    session = bootstrap.single_session().get_or_create(call.tenant, call.bound)
    bootstrap.sessions().start(call.tenant, session.id)
    _, code = bootstrap.sessions().code(call.tenant, session.id, wait=LONGEST_WAIT)
    return Answer(shapes.code(code))


@router.route(
    "POST", "/api/v1/session/find", needs=_READ, gives={200: Success[shapes.LetsBotSessionJson]}, refuses=UNCLEAR
)
def find(call: Call) -> Answer:
    """Give the session."""
    return Answer(shapes.found(session_of(call)))


@router.route(
    "POST", "/api/v1/session/status", needs=_READ, gives={200: Success[shapes.LetsBotStatusJson]}, refuses=UNCLEAR
)
def status(call: Call) -> Answer:
    """Say how the session stands."""
    return Answer(shapes.status(session_of(call)))


@router.route(
    "GET", "/api/v1/instance/status", needs=_READ, gives={200: Success[shapes.LetsBotStatusJson]}, refuses=UNCLEAR
)
def instance_status(call: Call) -> Answer:
    """Say how the session stands, as POST /api/v1/session/status does."""
    return Answer(shapes.status(session_of(call)))


@router.route(
    "POST",
    "/api/v1/session/logout",
    needs=_WRITE,
    gives={200: Success[shapes.LetsBotGoneJson], 202: Success[shapes.LetsBotGoneJson]},
    refuses=(*UNCLEAR, Contended),
)
def log_out(call: Call) -> Answer:
    """Unlink the device, keep the session; 202 if that goes on after the answer."""
    session = bootstrap.sessions().unlink(call.tenant, session_of(call).id)
    return Answer(shapes.logged_out(session, bootstrap.clock()), status=200 if session.answered else 202)


def session_of(call: Call) -> Session:
    """Return the session that is meant; raises SessionNotFound and SessionAmbiguous."""
    session = bootstrap.single_session().find(call.tenant, call.bound)
    if session is None:
        raise SessionNotFound("There is no session yet.", hint="POST /api/v1/qr makes one.")
    return session
