"""The stores: each test gets those in memory, then those in the table."""

from dataclasses import dataclass

import pytest

from chalicelib.adapters.dynamodb.accounts import DynamoTenants
from chalicelib.adapters.dynamodb.chats import DynamoChats
from chalicelib.adapters.dynamodb.control import DynamoLeases, DynamoStandbys
from chalicelib.adapters.dynamodb.messages import DynamoIdempotency, DynamoMessages, DynamoPaces
from chalicelib.adapters.dynamodb.places import DynamoPlaces
from chalicelib.adapters.dynamodb.sessions import (
    DynamoDeliverySource,
    DynamoHistory,
    DynamoSessions,
    DynamoSituations,
)
from chalicelib.adapters.dynamodb.watchers import DynamoSubscriptions, DynamoWatchers
from chalicelib.adapters.names import new_id
from chalicelib.domain.limits import Pace
from chalicelib.services import ports
from chalicelib.services.ports.accounts import TenantStore
from chalicelib.services.ports.waiting import WaitingPlaces
from chalicelib.services.ports.watching import SubscriptionStore
from tests import fakes
from tests.fakes.accounts import MemoryTenants
from tests.fakes.places import MemoryPlaces
from tests.fakes.sessions import MemorySituations


@dataclass
class Stores:
    sessions: ports.SessionStore
    leases: ports.LeaseStore
    tenants: TenantStore
    situations: ports.SituationStore
    standbys: ports.StandbyStore
    watchers: ports.WatcherStore
    subscriptions: SubscriptionStore
    history: ports.HistoryStore
    messages: ports.MessageStore
    chats: ports.ChatStore
    keys: ports.IdempotencyStore
    paces: ports.Paces
    places: WaitingPlaces
    source: ports.DeliverySource


PACE = Pace(burst=3, per_minute=60)


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return Stores(
            sessions := fakes.MemorySessions(),
            leases := fakes.MemoryLeases(),
            tenants := MemoryTenants(),
            MemorySituations(sessions, leases, tenants),
            fakes.MemoryStandbys(),
            watchers := fakes.MemoryWatchers(),
            fakes.MemorySubscriptions(watchers),
            history := fakes.MemoryHistory(chats=(chats := fakes.MemoryChats())),
            messages := fakes.MemoryMessages(),
            chats,
            fakes.MemoryIdempotency(),
            fakes.MemoryPaces(PACE),
            MemoryPlaces(2),
            fakes.MemoryDeliverySource(sessions, history, messages),
        )
    table = request.getfixturevalue("table")
    return Stores(
        DynamoSessions(table),
        DynamoLeases(table),
        DynamoTenants(table),
        DynamoSituations(table),
        DynamoStandbys(table),
        DynamoWatchers(table),
        DynamoSubscriptions(table),
        DynamoHistory(table),
        DynamoMessages(table),
        DynamoChats(table),
        DynamoIdempotency(table),
        DynamoPaces(table, PACE),
        DynamoPlaces(table, 2, new_id),
        DynamoDeliverySource(table),
    )
