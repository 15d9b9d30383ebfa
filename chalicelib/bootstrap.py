"""Joins services to adapters, each once a process and when it is first asked for; the only place that knows both."""

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.channels import DynamoChannels
from chalicelib.adapters.dynamodb.due import DynamoDueIndex
from chalicelib.adapters.dynamodb.history import DynamoHistory
from chalicelib.adapters.dynamodb.idempotency import DynamoIdempotency
from chalicelib.adapters.dynamodb.keys import DynamoKeys
from chalicelib.adapters.dynamodb.leases import DynamoLeases
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.paces import DynamoPaces
from chalicelib.adapters.dynamodb.questions import DynamoQuestions
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.standby import DynamoStandbys
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.tenants import DynamoTenants
from chalicelib.adapters.dynamodb.upgrades import DynamoUpgrades
from chalicelib.adapters.dynamodb.users import DynamoLoginAttempts, DynamoUsers
from chalicelib.adapters.dynamodb.watchers import DynamoWatchers
from chalicelib.adapters.names import named_id, new_api_key, new_id, new_secret, new_sid
from chalicelib.adapters.poster import HttpPoster
from chalicelib.adapters.queues import DeliveryQueue, SqsMailboxes, WakeQueue
from chalicelib.adapters.sockets import ApiGatewaySockets
from chalicelib.adapters.tasks import EcsWorkers
from chalicelib.config import settings
from chalicelib.domain.pace import Pace
from chalicelib.services.accounts import Accounts
from chalicelib.services.administrators import Administrators
from chalicelib.services.answering import Answering
from chalicelib.services.bulk import Bulk
from chalicelib.services.channels import Channels
from chalicelib.services.closing import Closing
from chalicelib.services.conversation import Conversation
from chalicelib.services.dispatch import Dispatch
from chalicelib.services.history import History
from chalicelib.services.inbox import Inbox
from chalicelib.services.keys import ApiKeys
from chalicelib.services.link import Link
from chalicelib.services.messages import Messages
from chalicelib.services.moves import Moves
from chalicelib.services.naming import Naming
from chalicelib.services.only import OnlySession
from chalicelib.services.outbox import Outbox
from chalicelib.services.ports import Clock, LeaseStore, SessionStore, StandbyStore
from chalicelib.services.push import Push
from chalicelib.services.questions import Questions
from chalicelib.services.reconciler import Reconciler
from chalicelib.services.reservations import Reservations
from chalicelib.services.rooms import Rooms
from chalicelib.services.sessions import Sessions
from chalicelib.services.socketio import SocketIO
from chalicelib.services.standbys import Standbys
from chalicelib.services.sweeper import Sweeper
from chalicelib.services.tenants import Tenants
from chalicelib.services.upgrades import Upgrades
from chalicelib.services.users import Users
from chalicelib.services.waiting import Waiting
from chalicelib.services.watching import Watching
from chalicelib.services.webhooks import Webhooks

if TYPE_CHECKING:
    from chalicelib.adapters.tokens import SecretKeys


def clock() -> int:
    """Return the time in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


@cache
def sessions() -> Sessions:
    """Return the owners' side of sessions."""
    store = _sessions()
    return Sessions(store, _moves(), Waiting(store, clock, time.sleep), clock, new_id, new_secret)


@cache
def reservations() -> Reservations:
    """Return who has things created once."""
    # Imported late, as in ``accounts``.
    from chalicelib.adapters.seals import KeyedSeals  # noqa: PLC0415

    return Reservations(DynamoIdempotency(_table()), KeyedSeals(_signing_keys()), clock, new_id)


@cache
def accounts() -> Accounts:
    """Return who checks credentials."""
    # Imported late: the worker's image has neither library, and the functions of the stream don't need them.
    from chalicelib.adapters.passwords import ArgonPasswords  # noqa: PLC0415
    from chalicelib.adapters.tokens import JwtTokens  # noqa: PLC0415

    return Accounts(
        users=DynamoUsers(_table()),
        tenants=DynamoTenants(_table()),
        attempts=DynamoLoginAttempts(_table()),
        passwords=ArgonPasswords(),
        tokens=JwtTokens(_signing_keys()),
        closing=_closing(),
        clock=clock,
        allow_anonymous=settings().allow_anonymous,
    )


@cache
def api_keys() -> ApiKeys:
    """Return who keeps API keys."""
    return ApiKeys(DynamoKeys(_table()), DynamoUsers(_table()), _closing(), clock, new_id, new_api_key)


@cache
def users() -> Users:
    """Return the administrators' side of users."""
    stores = DynamoUsers(_table()), DynamoTenants(_table())
    return Users(*stores, Administrators(stores[1]), api_keys(), _closing(), accounts().passwords, clock)


@cache
def tenants() -> Tenants:
    """Return the operators' side of tenants."""
    return Tenants(DynamoTenants(_table()), users(), clock)


def first_administrator(name: str, password: str, tenant: str) -> bool:
    """Create the deployment's first administrator; False, and nothing changed, if there is a user of that name."""
    return accounts().first_administrator(name, password, tenant)


@cache
def outbox() -> Outbox:
    """Return who takes messages in for sending."""
    here = settings()
    return Outbox(
        sessions=_sessions(),
        messages=DynamoMessages(_table()),
        keys=DynamoIdempotency(_table()),
        paces=DynamoPaces(_table(), Pace(here.send_burst, here.send_per_minute)),
        mailboxes=_mailboxes(),
        clock=clock,
        sleep=time.sleep,
        new_id=new_id,
    )


@cache
def bulk() -> Bulk:
    """Return who sends one text to many."""
    return Bulk(outbox(), DynamoIdempotency(_table()), clock, time.sleep)


@cache
def only_session() -> OnlySession:
    """Return who knows which session is meant where none is named."""
    return OnlySession(sessions(), clock)


@cache
def messages() -> Messages:
    """Return who shows messages."""
    return Messages(_sessions(), DynamoMessages(_table()), clock)


@cache
def naming() -> Naming:
    """Return who finds sessions by what they are called."""
    return Naming(_sessions())


@cache
def questions() -> Questions:
    """Return who asks WhatsApp over a session's worker."""
    here = settings()
    return Questions(
        sessions=_sessions(),
        questions=DynamoQuestions(_table()),
        paces=DynamoPaces(_table(), Pace(here.ask_burst, here.ask_per_minute), of="PACE#QUESTIONS"),
        mailboxes=_mailboxes(),
        clock=clock,
        sleep=time.sleep,
        new_id=new_id,
    )


@cache
def watching() -> Watching:
    """Return who lets watchers in and out."""
    return Watching(_sessions(), DynamoWatchers(_table()), _sockets(), _wakes(), clock)


@cache
def push() -> Push:
    """Return who tells watchers."""
    return Push(_sessions(), DynamoWatchers(_table()), _sockets(), _wakes(), rooms(), clock)


@cache
def rooms() -> Rooms:
    """Return who tells Socket.IO clients."""
    return Rooms(
        channels=_channels(),
        store=DynamoChannels(_table()),
        sessions=_sessions(),
        watchers=DynamoWatchers(_table()),
        wakes=_wakes(),
        clock=clock,
    )


@cache
def socketio() -> SocketIO:
    """Return who lets Socket.IO clients in and out."""
    return SocketIO(
        channels=_channels(),
        store=DynamoChannels(_table()),
        conversation=Conversation(_channels(), rooms(), clock),
        wakes=_wakes(),
        clock=clock,
        most_arrivals=settings().arrivals_per_minute,
    )


@cache
def history() -> History:
    """Return who keeps events."""
    return History(DynamoHistory(_table()))


@cache
def webhooks() -> Webhooks:
    """Return who tells endpoints."""
    here = settings()
    return Webhooks(
        sessions=_sessions(),
        history=DynamoHistory(_table()),
        messages=DynamoMessages(_table()),
        deliveries=DeliveryQueue(clients.sqs(), here.delivery_queue, here.dead_deliveries),
        poster=HttpPoster(local=here.webhooks_local),
        moves=_moves(),
        clock=clock,
    )


@cache
def standbys() -> Standbys:
    """Return who keeps workers waiting."""
    here = settings()
    return Standbys(
        DynamoStandbys(_table()),
        _workers(),
        _mailboxes(),
        clock,
        new_id,
        count=here.standby_workers,
        task=here.worker_task,
    )


@cache
def reconciler() -> Reconciler:
    """Return who brings sessions to what is wanted of them."""
    return Reconciler(
        sessions=_sessions(),
        leases=DynamoLeases(_table()),
        moves=_moves(),
        workers=_workers(),
        mailboxes=_mailboxes(),
        standbys=standbys(),
        wakes=_wakes(),
        clock=clock,
        task=settings().worker_task,
    )


@cache
def sweeper() -> Sweeper:
    """Return who looks after what was missed."""
    index, here = DynamoDueIndex(_table()), settings()
    upgrades = Upgrades(
        store=DynamoUpgrades(_table()),
        index=index,
        reconciler=reconciler(),
        standbys=standbys(),
        clock=clock,
        task=here.worker_task,
        per_minute=here.upgrades_per_minute,
    )
    return Sweeper(index, reconciler(), standbys(), upgrades, clock)


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker works with; its leases go over a client of their own that fails fast."""

    sessions: SessionStore
    link: Link
    dispatch: Dispatch
    answering: Answering
    inbox: Inbox
    leases: LeaseStore
    standbys: StandbyStore
    mailbox: SqsMailboxes
    clock: Clock


def worker() -> Worker:
    """Return a worker's parts."""
    return Worker(
        sessions=_sessions(),
        link=Link(_moves()),
        dispatch=Dispatch(DynamoMessages(_table()), clock, new_id),
        answering=Answering(DynamoQuestions(_table()), clock),
        inbox=Inbox(DynamoMessages(_table()), clock, named_id),
        leases=DynamoLeases(Table(clients.lease_dynamodb(), settings().table)),
        standbys=DynamoStandbys(_table()),
        mailbox=_mailboxes(),
        clock=clock,
    )


@cache
def _table() -> Table:
    return Table(clients.dynamodb(), settings().table)


@cache
def _signing_keys() -> "SecretKeys":
    from chalicelib.adapters.tokens import SecretKeys  # noqa: PLC0415

    return SecretKeys(clients.secrets(), settings().signing_keys)


@cache
def _sessions() -> DynamoSessions:
    return DynamoSessions(_table())


@cache
def _channels() -> Channels:
    return Channels(DynamoChannels(_table()), _sockets(), _wakes(), clock, time.sleep, new_sid)


@cache
def _moves() -> Moves:
    return Moves(_sessions(), clock, new_id)


@cache
def _wakes() -> WakeQueue:
    return WakeQueue(clients.sqs(), settings().wake_queue)


@cache
def _mailboxes() -> SqsMailboxes:
    return SqsMailboxes(clients.sqs(), settings().queue_prefix)


@cache
def _sockets() -> ApiGatewaySockets:
    return ApiGatewaySockets(clients.sockets(settings().sockets_endpoint))


@cache
def _closing() -> Closing:
    return Closing(DynamoWatchers(_table()), _sockets(), _channels())


@cache
def _workers() -> EcsWorkers:
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
