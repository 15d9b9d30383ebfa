"""Seed 001's routes about people and groups, which the session's worker asks WhatsApp, and its send for any session."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.call import Call
from chalicelib.api.enveloped.requests import CheckBody, SendFromBody
from chalicelib.api.outgoing import UNSENT, send_answer
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import messages as contact_shapes
from chalicelib.dialects.enveloped import messages as message_shapes
from chalicelib.dialects.enveloped import sessions as shapes
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    AnswerNotReady,
    AnswerRefused,
    InvalidField,
    PhoneMismatch,
    SessionDisabled,
    SessionNotConnected,
    SessionNotFound,
    TooFast,
    TooManyQuestions,
)
from chalicelib.domain.jid import phone_in, recipient
from chalicelib.services.sessions.sessions import is_called

router: Final = Router(__name__, shapes.error)
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
UNANSWERED: Final = (
    SessionDisabled,
    SessionNotConnected,
    TooFast,
    TooManyQuestions,
    AnswerRefused,
    AnswerNotReady,
)
"""Why a question may not have been answered."""


@router.route(
    "POST",
    "/api/sessions/{id}/check-number",
    # Not only a look: an account that looks up many numbers is banned.
    needs=_SEND,
    gives={200: contact_shapes.CheckedAnswerJson},
    refuses=UNANSWERED,
)
def check_number(call: Call, session_id: str, body: CheckBody) -> Answer:
    """Say whether a phone number, in any of its forms, or whom a JID names, is on WhatsApp."""
    jid = recipient(body.number, field="number")
    found = bootstrap.questions().contact(call.tenant, session_id, phone_in(jid) or jid)
    return Answer(contact_shapes.checked(body.number, found))


@router.route(
    "GET", "/api/sessions/{id}/groups", needs=_LOOK, gives={200: contact_shapes.GroupsJson}, refuses=UNANSWERED
)
def groups(call: Call, session_id: str) -> Answer:
    """List the groups that the session's account is in."""
    return Answer(contact_shapes.groups(bootstrap.questions().groups(call.tenant, session_id)))


@router.route(
    "POST",
    "/api/send",
    needs=_SEND,
    gives={200: Success[message_shapes.ReceiptJson], 202: Success[message_shapes.ReceiptJson]},
    refuses=(SessionNotFound, PhoneMismatch, *UNSENT),
    takes=(IDEMPOTENCY_KEY,),
)
def send(call: Call, body: SendFromBody) -> Answer:
    """Send a text from the session that the body names, else from the one that the API key is for."""
    session_id = _sender(call, body)
    return send_answer(call, session_id, body, message_shapes.sent, at=f"/api/sessions/{session_id}")


def _sender(call: Call, body: SendFromBody) -> str:
    """Return the id of the session to send from. Named by id and by number it must be both.

    Raises PhoneMismatch for the number of an account that isn't linked: what is sent would come from another one.
    """
    names = [name for name in (body.session_id, body.phone, call.bound) if name]
    if not names:
        raise InvalidField("'session_id' or 'phone' must say which session to send from.", field="session_id")
    naming = bootstrap.naming()
    if body.phone:
        session = naming.find_by_phone(call.tenant, body.phone, alone=call.bound)
    else:
        session = naming.find(call.tenant, names[0], alone=call.bound)
    for name in names:
        if not is_called(session, name):
            raise SessionNotFound(f"The session '{session.id}' isn't '{name}'.", field="phone")
    return session.id
