"""One suite over the identities in the table and over the tests' fake of them."""

import pytest

from chalicelib.adapters.dynamodb.messages import KNOWN, DynamoIdentities
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.jid import Identity
from chalicelib.services.ports.messages import IdentityStore
from tests.fakes.identities import MemoryIdentities
from tests.makers import NOW, a_session

BO = Identity("628777000001", "200000000000002")
PHONE, LID = "628777000001@s.whatsapp.net", "200000000000002@lid"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> IdentityStore:
    return MemoryIdentities() if request.param == "memory" else DynamoIdentities(request.getfixturevalue("table"))


def test_somebody_is_found_under_each_name_in_one_session_alone(store: IdentityStore) -> None:
    store.note("uid", [PHONE, LID], BO, now=NOW)
    assert store.find("uid", [PHONE, LID, "1@lid"], now=NOW) == {PHONE: BO, LID: BO}
    assert store.find("uid", [LID], now=NOW) == {LID: BO}
    assert store.find("uid", [], now=NOW) == {}
    assert store.find("other", [PHONE], now=NOW) == {}


def test_a_name_may_be_unknown(store: IdentityStore) -> None:
    store.note("uid", [PHONE], Identity("628777000001"), now=NOW)
    assert store.find("uid", [PHONE], now=NOW) == {PHONE: Identity("628777000001")}


def test_the_newest_note_counts_and_is_forgotten_after_a_month_or_at_once(store: IdentityStore) -> None:
    store.note("uid", [PHONE], BO, now=NOW)
    store.note("uid", [PHONE], Identity("628777000001", "1"), now=NOW + 1_000)
    assert store.find("uid", [PHONE], now=NOW + KNOWN * 1000) == {PHONE: Identity("628777000001", "1")}
    assert store.find("uid", [PHONE], now=NOW + 1_000 + KNOWN * 1000) == {}
    store.forget("uid", PHONE)
    store.forget("uid", PHONE)
    assert store.find("uid", [PHONE], now=NOW) == {}


def test_they_go_with_their_session(table: Table) -> None:
    sessions, store = DynamoSessions(table), DynamoIdentities(table)
    session = sessions.create(a_session())
    store.note(session.uid, [PHONE], BO, now=NOW)
    assert sessions.remove(session)
    assert store.find(session.uid, [PHONE], now=NOW) == {}
