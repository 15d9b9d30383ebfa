"""Twins: requests with one Idempotency-Key at the same moment, each a thread, on one table.

moto is asked over HTTP here: within a process it checks a write's condition against a table that other threads change.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.sessions import HALFWAY, DynamoSessions
from chalicelib.adapters.dynamodb.table import Condition, Item, Refused, Table
from chalicelib.domain.access import Role
from chalicelib.services.ports import Unavailable
from chalicelib.services.reservations import Reservation
from infra.local.moto.server import MotoServer
from tests.forgetting import forget
from tests.makers import NOW, a_session

TWINS = 8


@pytest.fixture
def gateway(table: Table, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    keys = {"current": "k1", "keys": {"k1": {"secret": "a signing key of thirty-two bytes or more"}}}
    boto3.client("secretsmanager").create_secret(Name="keys", SecretString=json.dumps(keys))
    with MotoServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("TABLE_NAME", table.name)
        monkeypatch.setenv("SIGNING_KEYS_SECRET", "keys")
        monkeypatch.setenv("WS_ENDPOINT", "https://sockets.example.com")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        forget()
        bootstrap.first_administrator("admin", "admin123", "default")
        yield table
        forget()


@contextmanager
def reserved() -> Iterator[Reservation]:
    made = bootstrap.reservations().reserve("default", "admin k", request=b"{}")
    yield made
    bootstrap.reservations().fulfil("default", "admin k", made)


def twins(act: Callable[[Reservation], Any]) -> list[Any]:
    """What each of several requests that start at once was answered."""
    start = Barrier(TWINS)

    def request() -> Any:
        start.wait()
        with reserved() as made:
            return act(made)

    bootstrap.reservations(), bootstrap.sessions(), bootstrap.tenants()
    with ThreadPoolExecutor(TWINS) as pool:
        return [done.result() for done in [pool.submit(request) for _ in range(TWINS)]]


def items(table: Table, prefix: str) -> list[str]:
    found = table.client.scan(TableName=table.name)["Items"]
    return [item["pk"]["S"] for item in found if item["pk"]["S"].startswith(prefix)]


def test_one_session_is_created_and_all_are_told_the_same_secret(gateway):
    def create(made: Reservation) -> Any:
        session = bootstrap.sessions().create(
            "default",
            session_id=None,
            phone=None,
            name="",
            webhook_url="https://example.com/hook",
            enabled=True,
            start=True,
            made=made,
        )
        return session.uid, session.id, session.webhook_secret, session.last_event

    answers = twins(create)
    assert answers == [answers[0]] * TWINS
    assert len(items(gateway, "S#")) == 1


class TableOfTheSlower(Table, frozen=True):
    """The same table, to somebody who is slow between the two writes of a create: ``meanwhile`` happens there."""

    meanwhile: Callable[[DynamoSessions], None]

    def put(self, item: Item, condition: Condition | None = None) -> Refused | None:
        if item["sk"] == "SESSION":
            self.meanwhile(DynamoSessions(Table(self.client, self.name)))
        return Table.put(self, item, condition)


def test_the_slower_of_two_twins_returns_what_the_faster_one_wrote(table):
    twin = a_session(webhook_secret="whsec_faster")

    def meanwhile(sessions: DynamoSessions) -> None:
        assert sessions.create(twin) == twin

    slower = DynamoSessions(TableOfTheSlower(table.client, table.name, meanwhile))
    assert slower.create(a_session(webhook_secret="whsec_slower")) == twin
    assert DynamoSessions(table).find("default", "ana") == twin


def test_nobody_else_takes_the_place_of_a_session_that_is_being_written(table):
    other = a_session(uid="01JAVA0000000000000000000B", created_at=NOW + HALFWAY - 1)

    def meanwhile(sessions: DynamoSessions) -> None:
        with pytest.raises(Unavailable):
            sessions.create(other)

    session = a_session()
    slower = DynamoSessions(TableOfTheSlower(table.client, table.name, meanwhile))
    assert slower.create(session) == session
    assert DynamoSessions(table).create(other) == session
    assert items(table, "S#") == [f"S#{session.uid}"]


def test_the_place_of_a_create_that_was_killed_is_free_when_that_is_sure(table):
    class Killed(Exception):
        pass

    def meanwhile(sessions: DynamoSessions) -> None:
        raise Killed

    with pytest.raises(Killed):
        DynamoSessions(TableOfTheSlower(table.client, table.name, meanwhile)).create(a_session())
    next_one = a_session(uid="01JAVA0000000000000000000B", created_at=NOW + HALFWAY)
    assert DynamoSessions(table).create(next_one) == next_one
    assert DynamoSessions(table).find("default", "ana") == next_one


def test_one_api_key_is_made_and_all_are_told_its_secret(gateway):
    answers = twins(lambda made: bootstrap.api_keys().create("admin", session=None, lasts=None, made=made))
    assert answers == [answers[0]] * TWINS
    assert [key.id for key in bootstrap.api_keys().mine("admin")] == [answers[0][0].id]
    assert bootstrap.api_keys().authenticate(answers[0][1]).key == answers[0][0].id


def test_one_tenant_and_its_administrator_are_created(gateway):
    def create(made: Reservation) -> Any:
        tenant = bootstrap.tenants().create("acme", "Acme", admin="cleo", password="a password", made=made)
        return tenant.id, tenant.made_by

    answers = twins(create)
    assert answers == [answers[0]] * TWINS
    assert bootstrap.users().get("acme", "cleo").role is Role.ADMIN
    assert bootstrap.accounts().login("cleo", "a password", address="").user.tenant == "acme"


def test_one_user_is_created(gateway):
    answers = twins(lambda made: bootstrap.users().register("default", "bo", "a password", Role.MEMBER, made=made))
    assert answers == [answers[0]] * TWINS
