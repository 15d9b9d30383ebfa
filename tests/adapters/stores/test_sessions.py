"""Sessions, in the table and in memory."""

from dataclasses import replace

import pytest

from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.domain.access import Tenant
from chalicelib.domain.lease import TTL, Lease
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import LastEvent, Session, Status, WebhookFailure
from chalicelib.services import ports
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session

FULL = a_running_session(
    status=Status.SCAN_QR,
    qr=a_code(),
    device=DEVICE,
    phone="+6281234567890",
    webhook_url="https://example.com/hook",
    webhook_failure=WebhookFailure(NOW, "01E", 2, "http_error", 500, next_at=NOW + 5_000),
    deadline=NOW + 90_000,
    last_event=LastEvent("01E", "session.qr", NOW, {"status": "SCAN_QR", "attempt": 1}),
    version=0,
)


def test_a_session_comes_back_as_it_went_in(stores):
    assert stores.sessions.create(FULL) == FULL
    assert stores.sessions.get(FULL.uid) == FULL
    assert stores.sessions.find("default", FULL.id) == FULL


def test_an_id_that_is_taken_stays_with_its_session(stores):
    stores.sessions.create(FULL)
    assert stores.sessions.create(replace(FULL, uid="another")) == FULL
    assert stores.sessions.get("another") is None


def test_a_session_moves_only_from_the_version_that_was_read(stores):
    stores.sessions.create(FULL)
    assert stores.sessions.move(replace(FULL, version=1, name="first"))
    assert not stores.sessions.move(replace(FULL, version=1, name="second"))
    assert not stores.sessions.move(replace(FULL, uid="gone", version=1))
    found = stores.sessions.get(FULL.uid)
    assert found is not None
    assert found.name == "first"


def test_a_session_that_changed_meanwhile_is_not_removed(stores):
    stores.sessions.create(FULL)
    stores.sessions.move(replace(FULL, version=1))
    assert not stores.sessions.remove(FULL)
    assert stores.sessions.remove(replace(FULL, version=1))
    assert stores.sessions.get(FULL.uid) is None
    assert stores.sessions.find("default", FULL.id) is None


def test_a_removed_session_s_id_is_free_and_shares_nothing_with_the_next(stores):
    stores.sessions.create(FULL)
    stores.leases.acquire(Lease(FULL.uid, "w", 1, NOW + TTL), now=NOW)
    stores.sessions.remove(FULL)
    again = replace(FULL, uid="01JNEXT")
    assert stores.sessions.create(again) == again


def test_sessions_are_paged_in_the_order_of_their_ids_within_their_tenant(stores):
    for number in range(5):
        stores.sessions.create(a_session(id=f"s{number}", uid=f"U{number}"))
    stores.sessions.create(a_session(id="s9", uid="U9", tenant="other"))
    first, after = stores.sessions.page("default", limit=3, after=None)
    assert [s.id for s in first] == ["s0", "s1", "s2"]
    rest, end = stores.sessions.page("default", limit=3, after=after)
    assert ([s.id for s in rest], end) == (["s3", "s4"], None)


def test_every_field_of_a_session_survives_even_those_nobody_set(stores):
    bare = Session(tenant="t", id="i", uid="u", created_at=NOW)
    stores.sessions.create(bare)
    assert stores.sessions.get("u") == bare


def test_a_device_that_could_not_be_unlinked_is_known_after_its_session_is_gone(stores):
    unconfirmed = replace(FULL, reason="unlink_unconfirmed")
    stores.sessions.create(unconfirmed)
    assert stores.sessions.removed(FULL.uid) is None
    assert stores.sessions.remove(unconfirmed)
    assert stores.sessions.removed(FULL.uid) == "unlink_unconfirmed"
    stores.sessions.create(replace(FULL, uid="01JNEXT"))
    stores.sessions.remove(replace(FULL, uid="01JNEXT"))
    assert stores.sessions.removed("01JNEXT") is None


def test_a_session_is_read_with_its_lease_and_its_tenant(stores):
    assert stores.situations.read("u", tenant="acme") == ports.Situation(None, None)
    session = stores.sessions.create(a_session(uid="u", tenant="acme"))
    lease, tenant = Lease("u", "u-1", 1, NOW + TTL, holder=5), Tenant("acme", "Acme", NOW, ("ann",))
    stores.leases.acquire(lease, now=NOW)
    stores.tenants.add(tenant)
    assert stores.situations.read("u") == ports.Situation(session, lease)
    assert stores.situations.read("u", tenant="acme") == ports.Situation(session, lease, tenant)
    assert stores.situations.read("v", tenant="acme") == ports.Situation(None, None, tenant)


BARE = a_session(uid=FULL.uid, id=FULL.id, tenant=FULL.tenant)
STATES = (
    FULL,
    BARE,
    replace(FULL, qr=None, status=Status.PAIRING, webhook_url=None, metadata={"a": "b"}),
    replace(FULL, qr=a_code(attempt=2), webhook_events=("message",), proxy=Proxy(ProxyType.HTTP, "example.com", 8080)),
    replace(FULL, device=None, deadline=None, webhook_failure=WebhookFailure(NOW, "01F", 3, "http_error")),
)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_a_session_that_moves_from_a_version_at_hand_is_stored_whole(stores, before, after):
    stores.sessions.create(replace(before, version=4))
    moved = replace(after, version=5)
    assert not stores.sessions.move(replace(after, version=6), before=replace(before, version=5))
    assert stores.sessions.move(moved, before=replace(before, version=4))
    assert stores.sessions.get(FULL.uid) == moved


def test_of_a_version_at_hand_only_what_is_different_is_written(table):
    store, written = DynamoSessions(table), []
    session = store.create(replace(FULL, version=4))
    table.client.meta.events.register(
        "provide-client-params.dynamodb.UpdateItem", lambda params, **_: written.append(params)
    )
    assert store.move(replace(session, version=5, name="another", qr=None), before=session)
    assert sorted(written[0]["ExpressionAttributeNames"].values()) == ["name", "qr", "v", "version"]
