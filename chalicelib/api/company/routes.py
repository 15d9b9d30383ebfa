"""The company API's routes under ``/whatsapp/companies/{company}``. A company is a tenant; others' are not found.

The session is the one that ``?session=`` names, or that an API key is bound to, or the company's only or default one.
"""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.auth import reach
from chalicelib.api.call import Answer, Call
from chalicelib.api.codes import NO_CODE, WAIT
from chalicelib.api.company.requests import CompanyBulk, CompanyMessage
from chalicelib.api.fields import existing_id
from chalicelib.api.outgoing import UNSENT, answer, own_key
from chalicelib.api.parameters import IDEMPOTENCY_KEY, word
from chalicelib.api.router import Router
from chalicelib.dialects.company import DIALECT, shapes
from chalicelib.domain.access import Permission
from chalicelib.domain.content import Text
from chalicelib.domain.errors import (
    Contended,
    IdempotencyKeyReused,
    SessionAmbiguous,
    SessionDeleting,
    SessionDisabled,
    SessionNotConnected,
    SessionNotFound,
    SessionQuotaExceeded,
    TenantNotFound,
    TooFast,
    WorkerQuotaExceeded,
)
from chalicelib.domain.jid import person_or_group
from chalicelib.domain.session import Session

router: Final = Router(__name__, DIALECT, names_session="session")
SESSION: Final = word("session", "The session's id; without it the company's only session is meant, or its default.")
_READ, _WRITE, _LINK = Permission.SESSIONS_READ, Permission.SESSIONS_WRITE, Permission.SESSIONS_LINK
_SEND: Final = Permission.MESSAGES_SEND
_UNCLEAR: Final = (TenantNotFound, SessionNotFound, SessionAmbiguous)
_AT: Final = "/whatsapp/companies/{company}"


@router.route(
    "GET",
    f"{_AT}/session-status",
    needs=_READ,
    gives={200: shapes.CompanyStatusAnswer},
    refuses=(*_UNCLEAR, SessionDeleting, Contended),
    takes=(SESSION,),
)
def session_status(call: Call, company: str) -> Answer:
    """Say how the session stands, with the code to scan while there is one.

    A session that waits for a scan is started by a caller who may change it; a read-only one looks, sees no code, and
    no more.
    """
    session = _session(call, company)
    if session and call.may(_WRITE):
        session = bootstrap.single_session().autostart(session)
    return Answer(shapes.status(session, bootstrap.clock(), shows_code=call.may(_LINK)))


@router.route(
    "GET",
    f"{_AT}/qrcode",
    needs=_LINK,
    gives={200: shapes.CompanyCodeAnswer},
    refuses=(*_UNCLEAR, Contended, SessionQuotaExceeded, SessionDisabled, WorkerQuotaExceeded, *NO_CODE),
    takes=(SESSION, WAIT),
)
def qrcode(call: Call, company: str) -> Answer:
    """Give the code to scan, waiting for it. A caller who may change the session has it made and started if need be."""
    session, wait = _session(call, company), call.read(WAIT)
    if call.may(_WRITE):
        single = bootstrap.single_session()
        session = single.start_for_qr(session or single.get_or_create(call.tenant, call.bound))
    found, code = bootstrap.sessions().code(call.tenant, _existing(session).id, wait=wait)
    return Answer(shapes.code(found, code))


@router.route(
    "POST",
    f"{_AT}/test-connection",
    needs=_READ,
    gives={200: shapes.CompanyTestAnswer},
    refuses=_UNCLEAR,
    takes=(SESSION,),
)
def test_connection(call: Call, company: str) -> Answer:
    """Say whether the session could send now."""
    return Answer(shapes.tested(_session(call, company)))


@router.route(
    "POST",
    f"{_AT}/send-message",
    needs=_SEND,
    gives={200: shapes.CompanySentAnswer, 202: shapes.CompanySentAnswer},
    refuses=(*_UNCLEAR, *UNSENT),
    takes=(SESSION, IDEMPOTENCY_KEY),
)
def send(call: Call, company: str, body: CompanyMessage) -> Answer:
    """Send a text; 202 if WhatsApp takes longer to acknowledge it than the call can wait."""
    _its_own(call, company)
    to, said = person_or_group(body.recipient, field="to"), body.said
    session = _existing(_session(call, company))
    message = bootstrap.outbox().send(call.tenant, session.id, to=to, content=Text(said), key=own_key(call))
    return answer(message, shapes.sent, f"/api/sessions/{session.id}")


@router.route(
    "POST",
    f"{_AT}/bulk",
    needs=_SEND,
    gives={200: shapes.CompanyBulkAnswer},
    refuses=(*_UNCLEAR, SessionDisabled, SessionNotConnected, TooFast, IdempotencyKeyReused),
    takes=(SESSION, IDEMPOTENCY_KEY),
)
def bulk(call: Call, company: str, body: CompanyBulk) -> Answer:
    """Send one text to many, at the session's pace; it stops where the session is disconnected, or time is up.

    It is an error only where nobody was tried: clients repeat what failed, and somebody would get it twice.
    """
    _its_own(call, company)
    to, said = body.to, body.said
    session = _existing(_session(call, company))
    report = bootstrap.bulk().send(call.tenant, session.id, to=to, content=Text(said), key=own_key(call))
    after = report.stopped.retry_after if report.stopped else None
    headers = {} if after is None else {"Retry-After": str(after)}
    return Answer(shapes.bulk(report), headers=headers)


def _its_own(call: Call, company: str) -> None:
    """Raise TenantNotFound unless it is the caller's: another company isn't there, whoever asks."""
    if company != call.tenant:
        raise TenantNotFound("There is no such company.", field="company")


def _session(call: Call, company: str) -> Session | None:
    _its_own(call, company)
    named = call.read(SESSION)
    if named is None:
        return bootstrap.single_session().find(call.tenant, call.bound)
    return bootstrap.sessions().get(call.tenant, reach(call.principal, existing_id(named)))


def _existing(session: Session | None) -> Session:
    if session is None:
        raise SessionNotFound("This company has no WhatsApp session yet.", hint="GET …/qrcode makes one.")
    return session
