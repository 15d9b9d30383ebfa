"""Invitations, in the table and in memory."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.invitations import KEPT, DynamoInvitations
from chalicelib.adapters.dynamodb.sessions import DynamoHistory
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.names import new_entropy
from chalicelib.domain.invitations import LASTS, Invitation
from chalicelib.services.ports.accounts import InvitationStore
from tests.fakes.accounts import MemoryInvitations
from tests.makers import NOW

ONE = Invitation(
    "01KINV1", "01KUID", "default", "ana", NOW, NOW + LASTS, "admin", "Shop", "a hash", colour="#0a7c6b", key="k"
)
TWO = replace(ONE, id="01KINV2", colour=None, language="pt", key=None)
OTHER = replace(ONE, uid="01KUID2")


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> InvitationStore:
    if request.param == "memory":
        return MemoryInvitations()
    return DynamoInvitations(request.getfixturevalue("table"))


def test_what_is_stored_is_found_as_it_was(store: InvitationStore) -> None:
    assert store.get("01KUID", "01KINV1") is None
    for one in (ONE, TWO, OTHER):
        assert store.add(one)
        assert store.get(one.uid, one.id) == one


def test_one_is_never_written_over(store: InvitationStore) -> None:
    store.add(ONE)
    assert not store.add(replace(ONE, secret_hash="another"))
    assert store.get(ONE.uid, ONE.id) == ONE


def test_it_is_opened_once(store: InvitationStore) -> None:
    store.add(ONE)
    assert store.open(ONE, token_hash="first", now=NOW + 1)
    assert not store.open(ONE, token_hash="second", now=NOW + 2)
    assert store.get(ONE.uid, ONE.id) == replace(ONE, token_hash="first", opened_at=NOW + 1)


def test_of_two_who_open_it_at_once_one_does(table: Table) -> None:
    store, first = DynamoInvitations(table), []

    def overtake(**_: object) -> None:
        table.client.meta.events.unregister("before-call.dynamodb.UpdateItem", overtake)
        first.append(store.open(ONE, token_hash="theirs", now=NOW))

    store.add(ONE)
    table.client.meta.events.register("before-call.dynamodb.UpdateItem", overtake)
    assert not store.open(ONE, token_hash="mine", now=NOW)
    assert first == [True]


def test_a_revoked_one_is_not_opened(store: InvitationStore) -> None:
    store.add(ONE)
    store.revoke(ONE, now=NOW + 1)
    assert not store.open(ONE, token_hash="late", now=NOW + 2)
    store.revoke(ONE, now=NOW + 3)
    assert store.get(ONE.uid, ONE.id) == replace(ONE, revoked_at=NOW + 1)


def test_what_is_not_there_is_neither_opened_nor_revoked(store: InvitationStore) -> None:
    store.revoke(ONE, now=NOW)
    assert not store.open(ONE, token_hash="x", now=NOW)
    assert store.get(ONE.uid, ONE.id) is None


def test_a_removed_one_is_gone(store: InvitationStore) -> None:
    store.add(ONE)
    store.remove(ONE)
    store.remove(ONE)
    assert store.get(ONE.uid, ONE.id) is None


def test_those_of_a_session_that_are_good_are_counted(store: InvitationStore) -> None:
    for number in range(4):
        store.add(replace(ONE, id=f"01KINV{number}", expires_at=NOW + number))
    store.add(OTHER)
    store.revoke(replace(ONE, id="01KINV3"), now=NOW)
    assert store.living(ONE.uid, now=NOW, most=10) == 2
    assert store.living(ONE.uid, now=NOW, most=1) == 1
    assert store.living(OTHER.uid, now=NOW, most=10) == 1


def test_they_are_listed_page_by_page(store: InvitationStore) -> None:
    for one in (TWO, OTHER, ONE):
        store.add(one)
    first, more = store.page(ONE.uid, limit=1, after=None)
    second, _ = store.page(ONE.uid, limit=1, after=more)
    assert [*first, *second] == [ONE, TWO]
    assert store.page(ONE.uid, limit=10, after=None) == ([ONE, TWO], None)
    assert store.page(ONE.uid, limit=10, after="01KINV2") == ([], None)


def test_one_that_is_over_goes_by_itself_after_a_day(table: Table) -> None:
    DynamoInvitations(table).add(ONE)
    item = table.get("S#01KUID", "I#01KINV1")
    assert item
    assert item["ttl"] == ONE.expires_at // 1000 + KEPT


def test_they_go_with_their_session(table: Table) -> None:
    DynamoInvitations(table).add(ONE)
    DynamoHistory(table).forget(ONE.uid)
    assert DynamoInvitations(table).get(ONE.uid, ONE.id) is None


def test_they_are_no_part_of_the_session_s_history(table: Table) -> None:
    DynamoInvitations(table).add(ONE)
    assert DynamoHistory(table).since(ONE.uid, None, limit=10) == []
    assert DynamoHistory(table).latest(ONE.uid) is None


def test_secrets_are_made_of_thirty_two_random_bytes() -> None:
    assert {len(new_entropy()) for _ in range(50)} == {32}
    assert len({new_entropy() for _ in range(50)}) == 50
