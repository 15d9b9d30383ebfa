"""What a credential costs: one read, and for a key one write a minute."""

import time

import pytest
from botocore.model import OperationModel

from chalicelib.adapters.credentials import JwtTokens, SigningKeys
from chalicelib.adapters.dynamodb.accounts import DynamoKeys, DynamoLoginAttempts, DynamoTenants, DynamoUsers
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.watchers import DynamoChannels, DynamoWatchers
from chalicelib.domain.errors import Unauthenticated
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.keys import FRESH, ApiKeys
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.watching import Closing
from tests.fakes import FakeClock, FakeIds, FakeSockets, FakeWakes
from tests.fakes.accounts import FakeKeySecrets, PlainPasswords


@pytest.fixture
def calls(table: Table) -> list[str]:
    """The operations that the table's client is asked for."""
    told: list[str] = []

    def note(model: OperationModel, **_: object) -> None:
        told.append(model.name)

    table.client.meta.events.register("before-call.dynamodb", note)
    return told


def _channels(table: Table) -> Channels:
    clock = FakeClock()
    return Channels(DynamoChannels(table), FakeSockets(), FakeWakes(), clock, clock.sleep, FakeIds())


@pytest.fixture
def accounts(table: Table) -> Accounts:
    accounts = Accounts(
        DynamoUsers(table),
        DynamoTenants(table),
        DynamoLoginAttempts(table),
        PlainPasswords(),
        JwtTokens(lambda: SigningKeys("k1", {"k1": "a signing key of thirty-two bytes or more"})),
        Closing(DynamoWatchers(table), FakeSockets(), _channels(table)),
        lambda: time.time_ns() // 1_000_000,
        allow_anonymous=False,
    )
    accounts.first_administrator("admin", "admin123", "default")
    return accounts


def test_a_token_costs_one_read(accounts: Accounts, calls: list[str]) -> None:
    token = accounts.login("admin", "admin123", address="").token
    calls.clear()
    assert accounts.authenticate(token).name == "admin"
    assert calls == ["GetItem"]


def test_a_key_costs_one_read_and_once_a_minute_a_write(accounts: Accounts, table: Table, calls: list[str]) -> None:
    clock, users = FakeClock(), DynamoUsers(table)
    keys = ApiKeys(DynamoKeys(table), users, accounts.closing, clock, FakeIds(), FakeKeySecrets(), most=0)
    _, secret = keys.create("admin", session=None, lasts=None)
    costs = []
    for passes in (0, FRESH - 1, 1):
        clock.now += passes
        calls.clear()
        keys.authenticate(secret)
        costs.append(list(calls))
    assert costs == [["GetItem", "UpdateItem"], ["GetItem"], ["GetItem", "UpdateItem"]]


def test_what_looks_like_no_key_costs_nothing(accounts: Accounts, table: Table, calls: list[str]) -> None:
    keys = ApiKeys(
        DynamoKeys(table), accounts.users, accounts.closing, FakeClock(), FakeIds(), FakeKeySecrets(), most=0
    )
    calls.clear()
    with pytest.raises(Unauthenticated):
        keys.authenticate("sb_short")
    assert calls == []
