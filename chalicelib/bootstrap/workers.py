"""Joins what a worker works with."""

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.messages import DynamoIdentities, DynamoMessages, DynamoQuestions
from chalicelib.adapters.dynamodb.sessions import DynamoLeases, DynamoStandbys
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.names import named_id, new_id
from chalicelib.bootstrap import parts
from chalicelib.config import settings
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.messages.questions import Answering
from chalicelib.services.messages.store import Inbox
from chalicelib.services.sessions.moves import Link
from chalicelib.services.worker import WorkerServices


def worker() -> WorkerServices:
    """Return a worker's services; its leases go over a client of their own that fails fast."""
    identities = Identities(DynamoIdentities(parts.table()), parts.clock)
    return WorkerServices(
        sessions=parts.session_store(),
        link=Link(parts.moves()),
        dispatch=Dispatch(DynamoMessages(parts.table()), parts.clock, new_id),
        answering=Answering(DynamoQuestions(parts.table()), parts.clock),
        inbox=Inbox(DynamoMessages(parts.table()), parts.clock, named_id, identities),
        identities=identities,
        leases=DynamoLeases(Table(clients.lease_dynamodb(), settings().table)),
        standbys=DynamoStandbys(parts.table()),
        mailbox=parts.mailboxes(),
        clock=parts.clock,
    )
