"""Tickets, in the table and in memory."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.accounts import DynamoTickets
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.names import new_ticket
from chalicelib.domain.access import LIFE, Principal, Role, Ticket, is_ticket, ticket_fingerprint
from chalicelib.services.ports.accounts import TicketStore
from tests.fakes.accounts import MemoryTickets
from tests.makers import NOW

USERS = Ticket("f1", Principal("ana", "default", Role.ADMIN, NOW + 5, session="shop", generation=NOW), NOW + LIFE)
KEYS = Ticket("f2", Principal("key:01K", "acme", Role.MEMBER, key="01K"), NOW + LIFE)

HOLDERS = Ticket(
    "f4",
    Principal("invitation:01K", "acme", Role.READ_ONLY, session="ana", token="01K", linking="01U", maker="ana"),
    NOW + LIFE,
)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> TicketStore:
    if request.param == "memory":
        return MemoryTickets()
    return DynamoTickets(request.getfixturevalue("table"))


def test_a_ticket_is_taken_once(store: TicketStore) -> None:
    for ticket in (USERS, KEYS, HOLDERS):
        store.add(ticket)
        assert store.take(ticket.fingerprint) == ticket
        assert store.take(ticket.fingerprint) is None
    assert store.take("never") is None


def test_of_two_who_take_it_at_once_one_gets_it(table: Table) -> None:
    store, first = DynamoTickets(table), []

    def overtake(**_: object) -> None:
        table.client.meta.events.unregister("before-call.dynamodb.DeleteItem", overtake)
        first.append(store.take("f1"))

    store.add(USERS)
    table.client.meta.events.register("before-call.dynamodb.DeleteItem", overtake)
    assert store.take("f1") is None
    assert first == [USERS]


def test_a_ticket_that_nobody_takes_goes_by_itself(table: Table) -> None:
    DynamoTickets(table).add(replace(USERS, fingerprint="f3"))
    item = table.get("V#f3", "TICKET")
    assert item
    assert item["ttl"] == USERS.expires_at // 1000


def test_a_new_ticket_has_the_shape_that_tickets_are_known_by() -> None:
    tickets = {new_ticket() for _ in range(100)}
    assert len(tickets) == 100
    assert all(is_ticket(ticket) and ticket_fingerprint(ticket) for ticket in tickets)
    assert ticket_fingerprint("wst_x") is None
