"""Joins what runs behind the calls: the log's consumers and the reconciler."""

from functools import cache

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.accounts import DynamoTenants
from chalicelib.adapters.dynamodb.events import DynamoHistory
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoDueIndex, DynamoLeases, DynamoStandbys, DynamoUpgrades
from chalicelib.adapters.names import new_id
from chalicelib.adapters.poster import HttpPoster
from chalicelib.adapters.queues import DeliveryQueue
from chalicelib.bootstrap import parts
from chalicelib.config import settings
from chalicelib.services.control.reconciler import Reconciler
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.control.sweeper import Sweeper, Upgrades
from chalicelib.services.watching.watching import History
from chalicelib.services.webhooks import Webhooks


@cache
def history() -> History:
    """Return who keeps events."""
    return History(DynamoHistory(parts.table()))


@cache
def webhooks() -> Webhooks:
    """Return who tells endpoints."""
    here = settings()
    return Webhooks(
        sessions=parts.session_store(),
        history=DynamoHistory(parts.table()),
        messages=DynamoMessages(parts.table()),
        deliveries=DeliveryQueue(clients.sqs(), here.delivery_queue, here.dead_deliveries),
        poster=HttpPoster(local=here.webhooks_local),
        moves=parts.moves(),
        clock=parts.clock,
    )


@cache
def standbys() -> Standbys:
    """Return who keeps workers waiting."""
    here = settings()
    return Standbys(
        DynamoStandbys(parts.table()),
        parts.workers(),
        parts.mailboxes(),
        parts.clock,
        new_id,
        count=here.standby_workers,
        task=here.worker_task,
        falls_back=here.spot_fallback,
    )


@cache
def reconciler() -> Reconciler:
    """Return who brings sessions to what is wanted of them."""
    return Reconciler(
        sessions=parts.session_store(),
        tenants=DynamoTenants(parts.table()),
        leases=DynamoLeases(parts.table()),
        moves=parts.moves(),
        workers=parts.workers(),
        mailboxes=parts.mailboxes(),
        standbys=standbys(),
        wakes=parts.wakes(),
        running=parts.running(),
        clock=parts.clock,
        task=settings().worker_task,
        falls_back=settings().spot_fallback,
        unsent=parts.unsent(),
    )


@cache
def sweeper() -> Sweeper:
    """Return who looks after what was missed."""
    index, here = DynamoDueIndex(parts.table()), settings()
    upgrades = Upgrades(
        store=DynamoUpgrades(parts.table()),
        index=index,
        reconciler=reconciler(),
        standbys=standbys(),
        clock=parts.clock,
        task=here.worker_task,
        per_minute=here.upgrades_per_minute,
    )
    return Sweeper(index, reconciler(), standbys(), upgrades, parts.clock, parts.unsent())
