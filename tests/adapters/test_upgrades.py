"""What an upgrade keeps in the table, and how it finds the sessions that have a worker."""

from chalicelib.adapters.dynamodb.control import DynamoDueIndex, DynamoLeases, DynamoUpgrades
from chalicelib.domain.lease import TTL, Lease
from chalicelib.services.ports import Upgrade
from tests.makers import NOW


def test_an_upgrade_comes_back_as_it_went_in_and_the_next_one_takes_its_place(table):
    store = DynamoUpgrades(table)
    assert store.get() is None
    for upgrade in (Upgrade("worker:1", NOW, after="u", left=True), Upgrade("worker:2", NOW, done=True)):
        store.put(upgrade)
        assert store.get() == upgrade


def test_who_has_a_worker_is_found_by_what_its_lease_is_due_for(table):
    leases, index = DynamoLeases(table), DynamoDueIndex(table)
    for count in range(20):
        leases.acquire(Lease(f"U{count:02}", "w", 1, NOW + TTL), now=NOW)
    leases.release("U07", worker="w", epoch=1)
    expected = sorted(f"U{count:02}" for count in range(20) if count != 7)
    assert sorted(index.later(NOW)) == expected
