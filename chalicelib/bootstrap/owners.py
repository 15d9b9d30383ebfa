"""Joins what owners of sessions ask for: sessions themselves, and messages and questions over them."""

from functools import cache

from chalicelib.adapters.dynamodb.messages import (
    DynamoIdempotency,
    DynamoIdentities,
    DynamoMessages,
    DynamoPaces,
    DynamoQuestions,
)
from chalicelib.adapters.names import new_id, new_secret
from chalicelib.bootstrap import parts
from chalicelib.config import settings
from chalicelib.domain.limits import Pace
from chalicelib.services.messages.bulk import Bulk
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Outbox
from chalicelib.services.messages.questions import Questions
from chalicelib.services.messages.store import Messages
from chalicelib.services.sessions.sessions import Naming, Sessions
from chalicelib.services.sessions.single_session import SingleSession
from chalicelib.services.sessions.waiting import Waiting


@cache
def sessions() -> Sessions:
    """Return the owners' side of sessions."""
    store = parts.session_store()
    return Sessions(
        store,
        parts.moves(),
        Waiting(store, parts.clock, parts.sleep),
        parts.clock,
        new_id,
        new_secret,
        parts.unsent(),
        parts.running(),
        settings().sessions_per_tenant,
    )


@cache
def outbox() -> Outbox:
    """Return who takes messages in for sending."""
    here = settings()
    return Outbox(
        sessions=parts.session_store(),
        messages=DynamoMessages(parts.table()),
        keys=DynamoIdempotency(parts.table()),
        paces=DynamoPaces(parts.table(), Pace(here.send_burst, here.send_per_minute)),
        mailboxes=parts.mailboxes(),
        clock=parts.clock,
        sleep=parts.sleep,
        new_id=new_id,
    )


@cache
def bulk() -> Bulk:
    """Return who sends one text to many."""
    return Bulk(outbox(), DynamoIdempotency(parts.table()), parts.clock, parts.sleep)


@cache
def single_session() -> SingleSession:
    """Return who knows which session is meant where none is named."""
    return SingleSession(sessions(), parts.clock)


@cache
def messages() -> Messages:
    """Return who shows messages."""
    identities = Identities(DynamoIdentities(parts.table()), parts.clock)
    return Messages(parts.session_store(), DynamoMessages(parts.table()), identities, parts.clock)


@cache
def naming() -> Naming:
    """Return who finds sessions by what they are called."""
    return Naming(parts.session_store())


@cache
def questions() -> Questions:
    """Return who asks WhatsApp over a session's worker."""
    here = settings()
    return Questions(
        sessions=parts.session_store(),
        questions=DynamoQuestions(parts.table()),
        paces=DynamoPaces(parts.table(), Pace(here.ask_burst, here.ask_per_minute), of="PACE#QUESTIONS"),
        mailboxes=parts.mailboxes(),
        clock=parts.clock,
        sleep=parts.sleep,
        new_id=new_id,
    )
