"""One suite over the account stores in the table and over the tests' fakes of them."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from chalicelib.adapters.dynamodb.accounts import DynamoKeys, DynamoLoginAttempts, DynamoTenants, DynamoUsers
from chalicelib.adapters.dynamodb.table import Table, stamped, typed
from chalicelib.adapters.dynamodb.watchers import DynamoChannels, DynamoWatchers
from chalicelib.domain.access import KNOWN, MOST_KEYS, WINDOW, ApiKey, Failures, Role, Tenant, User, source
from chalicelib.domain.watchers import Watcher, new_channel
from chalicelib.services.ports import accounts as ports
from tests.fakes import accounts as fakes
from tests.makers import NOW


@dataclass
class Stores:
    users: ports.UserStore
    keys: ports.KeyStore
    tenants: ports.TenantStore
    attempts: ports.LoginAttempts


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return Stores(fakes.MemoryUsers(), fakes.MemoryKeys(), fakes.MemoryTenants(), fakes.MemoryLoginAttempts())
    table = request.getfixturevalue("table")
    return Stores(DynamoUsers(table), DynamoKeys(table), DynamoTenants(table), DynamoLoginAttempts(table))


ADMIN = User("admin", "default", Role.ADMIN, "hash", NOW, token_generation=NOW, ended_tokens={"t1": NOW + 1})
FULL = ApiKey("01K1", "f1", "default", "admin", Role.ADMIN, NOW, "ana", NOW + 1000, NOW + 5, True, Role.MEMBER, "Till")
BARE = ApiKey("01K2", "f2", "default", "admin", Role.MEMBER, NOW)
ACME = Tenant("acme", "Acme", NOW, ("cleo", "dan"))


def test_a_user_s_name_is_taken_once(stores):
    assert stores.users.add(ADMIN)
    assert not stores.users.add(replace(ADMIN, password_hash="another"))
    assert not stores.users.add(replace(ADMIN, tenant="acme"))
    assert stores.users.get("admin") == ADMIN
    assert stores.users.get("nobody") is None
    assert stores.users.page("default", limit=10, after=None) == ([ADMIN], None)
    assert stores.users.page("acme", limit=10, after=None) == ([], None)


def test_a_user_is_written_over_the_version_before_alone(stores):
    stores.users.add(ADMIN)
    changed = replace(ADMIN, role=Role.MEMBER, disabled=True, suspended=True, version=1)
    assert not stores.users.put(replace(changed, version=2))
    assert stores.users.put(changed)
    assert not stores.users.put(changed)
    assert stores.users.get("admin") == changed
    assert not stores.users.put(replace(changed, name="nobody"))


def test_a_user_is_removed_as_it_was_read_alone(stores):
    stores.users.add(ADMIN)
    assert not stores.users.remove(replace(ADMIN, version=1))
    assert stores.users.remove(ADMIN)
    assert stores.users.remove(ADMIN)
    assert stores.users.get("admin") is None
    assert stores.users.page("default", limit=10, after=None) == ([], None)


def test_users_are_listed_page_by_page(stores):
    people = [replace(ADMIN, name=f"u{number}") for number in range(5)]
    for user in (*people, replace(ADMIN, name="x", tenant="acme")):
        stores.users.add(user)
    first, after = stores.users.page("default", limit=3, after=None)
    second, end = stores.users.page("default", limit=3, after=after)
    assert (first + second, end) == (people, None)


def test_every_field_of_a_key_survives(stores):
    for key in (FULL, BARE):
        stores.keys.add(key)
        assert stores.keys.get(key.fingerprint) == key
        assert stores.keys.find("default", key.id) == key
    assert stores.keys.get("f3") is None
    assert stores.keys.find("acme", "01K1") is None
    assert stores.keys.find("default", "01K3") is None
    assert list(stores.keys.of_owner("admin")) == [FULL, BARE]
    assert list(stores.keys.of_owner("nobody")) == []


def test_a_key_changes_in_what_may_change(stores):
    stores.keys.add(BARE)
    stores.keys.touch(BARE, now=NOW + 7)
    stores.keys.put(replace(BARE, role=Role.READ_ONLY, suspended=True))
    assert stores.keys.get("f2") == replace(BARE, role=Role.READ_ONLY, suspended=True, last_used=NOW + 7)


def test_a_removed_key_does_not_come_back(stores):
    stores.keys.add(BARE)
    for _ in range(2):
        stores.keys.remove(BARE)
        stores.keys.touch(BARE, now=NOW)
        stores.keys.put(BARE)
        assert stores.keys.get("f2") is None
        assert stores.keys.find("default", "01K2") is None
        assert list(stores.keys.of_owner("admin")) == []


def test_keys_are_listed_page_by_page(stores):
    keys = [replace(BARE, id=f"01K{number}", fingerprint=f"f{number}") for number in range(5)]
    for key in (*keys, replace(BARE, id="01K9", fingerprint="f9", tenant="acme")):
        stores.keys.add(key)
    first, after = stores.keys.page("default", limit=3, after=None)
    second, end = stores.keys.page("default", limit=3, after=after)
    assert (first + second, end) == (keys, None)


def test_a_tenant_s_id_is_taken_once(stores):
    assert stores.tenants.add(ACME)
    assert not stores.tenants.add(replace(ACME, name="Another"))
    assert stores.tenants.get("acme") == ACME
    assert stores.tenants.get("globex") is None


def test_a_tenant_is_written_over_the_version_before_alone(stores):
    stores.tenants.add(ACME)
    changed = replace(ACME, admins=("dan",), disabled=True, version=1)
    assert stores.tenants.put(changed)
    assert not stores.tenants.put(changed)
    assert stores.tenants.get("acme") == changed
    stores.tenants.remove(ACME)
    assert stores.tenants.get("acme") == changed
    stores.tenants.remove(changed)
    assert stores.tenants.get("acme") is None


def test_tenants_are_listed_page_by_page(stores):
    tenants = [replace(ACME, id=f"t{number}") for number in range(5)]
    for tenant in tenants:
        stores.tenants.add(tenant)
    first, after = stores.tenants.page(limit=3, after=None)
    second, end = stores.tenants.page(limit=3, after=after)
    assert (first + second, end) == (tenants, None)


HERE = source("admin", "203.0.113.7")


def test_failed_logins_count_within_their_window(stores):
    for _ in range(3):
        stores.attempts.failed(HERE, now=NOW)
    assert stores.attempts.recent(HERE, now=NOW) == Failures(3, 3, 3, 3)
    later = NOW + WINDOW * 1000
    assert stores.attempts.recent(HERE, now=later) == Failures()
    stores.attempts.failed(HERE, now=later)
    assert stores.attempts.recent(HERE, now=later) == Failures(1, 1, 1, 1)


def test_failed_logins_count_by_user_by_address_and_by_network(stores):
    stores.attempts.failed(HERE, now=NOW)
    seen = {
        "the same user elsewhere": source("admin", "198.51.100.1"),
        "another user here": source("bo", "203.0.113.7"),
        "another user in the network": source("bo", "203.0.113.200"),
        "another user elsewhere": source("bo", "198.51.100.1"),
    }
    assert {what: stores.attempts.recent(one, now=NOW) for what, one in seen.items()} == {
        "the same user elsewhere": Failures(by_user=1),
        "another user here": Failures(by_address=1, by_network=1),
        "another user in the network": Failures(by_network=1),
        "another user elsewhere": Failures(),
    }


def test_who_shows_a_token_is_counted_once_more_by_the_user(stores):
    stores.attempts.failed(HERE, now=NOW, proven=True)
    assert stores.attempts.recent(HERE, now=NOW) == Failures(1, 1, 1, 1, by_bearer=1)
    assert stores.attempts.recent(source("admin", "198.51.100.1"), now=NOW) == Failures(by_user=1, by_bearer=1)


def test_where_a_user_has_logged_in_is_known_for_a_while(stores):
    stores.attempts.succeeded(HERE, now=NOW)
    assert stores.attempts.recent(HERE, now=NOW).known_until == NOW // 1000 + KNOWN
    assert not stores.attempts.recent(source("admin", "203.0.113.8"), now=NOW).known_until
    assert not stores.attempts.recent(source("bo", "203.0.113.7"), now=NOW).known_until
    assert not stores.attempts.recent(HERE, now=NOW + KNOWN * 1000).known_until


def test_what_is_forgiven_is_what_counts_against_the_name_alone(stores):
    stores.attempts.failed(HERE, now=NOW)
    stores.attempts.forgive("admin")
    stores.attempts.forgive("nobody")
    assert stores.attempts.recent(HERE, now=NOW) == Failures(by_pair=1, by_user=0, by_address=1, by_network=1)


def test_the_first_failures_of_one_moment_all_count(table: Table) -> None:
    attempts, others = DynamoLoginAttempts(table), [1, 2]

    def meanwhile(**_: object) -> None:
        if others:
            others.pop()
            attempts.failed(HERE, now=NOW)

    table.client.meta.events.register("before-call.dynamodb.PutItem", meanwhile)
    attempts.failed(HERE, now=NOW)
    assert attempts.recent(HERE, now=NOW) == Failures(3, 3, 3, 3)


def test_failures_of_before_count_by_the_pair(table: Table) -> None:
    counter = {"pk": "L#admin@203.0.113.7", "sk": "LOGIN", "failures": 4, "ttl": NOW // 1000 + 10}
    table.client.put_item(TableName=table.name, Item=typed(stamped(counter)))
    attempts = DynamoLoginAttempts(table)
    assert attempts.recent(HERE, now=NOW) == Failures(by_pair=4)
    attempts.failed(HERE, now=NOW)
    assert attempts.recent(HERE, now=NOW) == Failures(5, 1, 1, 1)


def test_whoever_ends_a_user_s_keys_misses_none_however_many_were_made_at_once(table: Table) -> None:
    made = [replace(BARE, id=f"01K{number:03}", fingerprint=f"f{number}") for number in range(2 * MOST_KEYS + 1)]
    items = [{"pk": f"U#{key.owner}", "sk": f"K#{key.id}", "fingerprint": key.fingerprint} for key in made]
    items += [{"pk": f"K#{key.fingerprint}", "sk": "KEY", **msgspec.to_builtins(key)} for key in made]
    puts: list[Any] = [{"PutRequest": {"Item": typed(stamped(item))}} for item in items]
    for first in range(0, len(puts), 25):
        table.client.batch_write_item(RequestItems={table.name: puts[first : first + 25]})
    assert list(DynamoKeys(table).of_owner(BARE.owner)) == made


def test_a_removed_user_and_its_keys_leave_nothing_in_the_table(table: Table) -> None:
    users, keys = DynamoUsers(table), DynamoKeys(table)
    users.add(ADMIN)
    keys.add(FULL)
    keys.remove(FULL)
    users.remove(ADMIN)
    assert table.client.scan(TableName=table.name)["Items"] == []


def test_an_expired_key_is_swept_away_some_days_later(table: Table) -> None:
    DynamoKeys(table).add(FULL)
    ends = {item["ttl"]["N"] for item in table.client.scan(TableName=table.name)["Items"]}
    assert ends == {str((NOW + 1000) // 1000 + 7 * 86_400)}


def test_a_principal_s_watchers_and_channels_are_found_by_its_name(table: Table) -> None:
    watchers, channels = DynamoWatchers(table), DynamoChannels(table)
    watcher = Watcher("w1", "default", "ana", "enveloped", "bo", NOW, NOW)
    channel = replace(new_channel("sid", now=NOW), tenant="default", principal="bo")
    watchers.add(watcher)
    watchers.add(replace(watcher, id="w2", principal="cleo"))
    channels.add(channel)
    channels.enlist(channel)
    assert sorted(watchers.of("bo")) == ["sid", "w1"]
    watchers.remove("w1")
    channels.remove(channel)
    assert watchers.of("bo") == []
    assert watchers.of("cleo") == ["w2"]
    watchers.remove("w2")
    assert table.client.scan(TableName=table.name)["Items"] == []
