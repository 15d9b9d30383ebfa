"""What services are made of: the clock, the adapters, and the services that others share."""

import time
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.accounts import DynamoSlots
from chalicelib.adapters.dynamodb.chats import DynamoChats
from chalicelib.adapters.dynamodb.control import DynamoDueIndex
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions, KnownUids
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.watchers import DynamoChannels, DynamoWatchers
from chalicelib.adapters.metrics import EmbeddedMetrics
from chalicelib.adapters.names import new_id, new_sid
from chalicelib.adapters.queues import SqsMailboxes, WakeQueue
from chalicelib.adapters.sockets import ApiGatewaySockets
from chalicelib.adapters.tasks import EcsWorkers
from chalicelib.config import settings
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.sessions.moves import Moves
from chalicelib.services.sessions.running import Running
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.watching import Closing

if TYPE_CHECKING:
    from chalicelib.adapters.credentials import SecretKeys


def clock() -> int:
    """Return the time in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def sleep(seconds: float) -> None:
    """Wait for ``seconds``."""
    time.sleep(seconds)


@cache
def table() -> Table:
    """Return the one table."""
    return Table(clients.dynamodb(), settings().table)


@cache
def signing_keys() -> "SecretKeys":
    """Return the keys that sign tokens."""
    from chalicelib.adapters.credentials import SecretKeys  # noqa: PLC0415

    return SecretKeys(clients.secrets(), settings().signing_keys)


@cache
def session_store() -> DynamoSessions:
    """Return where sessions are kept."""
    return DynamoSessions(table(), known_uids())


@cache
def known_uids() -> KnownUids:
    """Return which sessions this process has found by their tenants and ids."""
    return KnownUids()


@cache
def channels() -> Channels:
    """Return Socket.IO clients' channels."""
    return Channels(DynamoChannels(table()), sockets(), wakes(), clock, sleep, new_sid)


@cache
def moves() -> Moves:
    """Return who moves sessions."""
    return Moves(session_store(), clock, new_id)


@cache
def unsent() -> Unsent:
    """Return who ends messages that nobody will send."""
    store = DynamoMessages(table())
    return Unsent(
        store, session_store(), DynamoDueIndex(table()), Dispatch(store, DynamoChats(table()), clock, new_id), clock
    )


@cache
def running() -> Running:
    """Return who counts a tenant's running sessions."""
    return Running(DynamoSlots(table()), session_store(), clock, settings().workers_per_tenant)


@cache
def wakes() -> WakeQueue:
    """Return the queue of what must happen soon."""
    return WakeQueue(clients.sqs(), settings().wake_queue)


@cache
def mailboxes() -> SqsMailboxes:
    """Return workers' mailboxes."""
    return SqsMailboxes(clients.sqs(), settings().queue_prefix, settings().mailbox_tags)


@cache
def sockets() -> ApiGatewaySockets:
    """Return the way to watchers."""
    return ApiGatewaySockets(clients.sockets(settings().sockets_endpoint))


@cache
def closing() -> Closing:
    """Return who ends watchers with their credential."""
    return Closing(DynamoWatchers(table()), sockets(), channels())


@cache
def metrics() -> EmbeddedMetrics:
    """Return who notes figures for alarms and the dashboard."""
    return EmbeddedMetrics(settings().metrics_namespace, clock)


@cache
def workers() -> EcsWorkers:
    """Return who starts and stops tasks."""
    here = settings()
    return EcsWorkers(
        clients.ecs(),
        here.cluster,
        here.worker_task,
        here.subnets,
        here.security_groups,
        public=here.public_workers,
        capacity=here.capacity,
    )
