"""What the worker makes of its client's events, where the real client is slow to make them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.access import DeviceType, Tenant
from chalicelib.domain.content import Text
from chalicelib.domain.messages import Party
from chalicelib.domain.session import Device, Reason, Session, Status
from chalicelib.services.messages.store import Received
from chalicelib.worker.handover import Again, Exit
from chalicelib.worker.linking.registration import Appearance
from chalicelib.worker.session.service import TAKEOVER
from chalicelib.worker.waiting import Rung, Terminated
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE
from tests.worker.harness import WorkerHarness
from tests.worker.outside import now

pytestmark = pytest.mark.subprocess

CODE = "2@ref,noise,identity,secret,1"
CONNECTED = c.ConnectedEvent(DEVICE)


@pytest.fixture
def harness(tmp_path: Path) -> WorkerHarness:
    return WorkerHarness(tmp_path)


@pytest.fixture
def linked(tmp_path: Path) -> WorkerHarness:
    return WorkerHarness(tmp_path, linked=True)


def types(harness: WorkerHarness) -> list[type[Any]]:
    return [type(event) for event in harness.reported]


def test_the_restart_after_a_pairing_is_invisible(harness: WorkerHarness) -> None:
    ending = harness.play(c.QREvent(CODE), c.PairSuccessEvent(DEVICE), c.DisconnectedEvent(), CONNECTED, Terminated())
    assert types(harness) == [e.QRShown, e.PairSuccess, e.Connected]
    assert ending == Exit(0)


def test_a_connection_that_only_looks_open_is_reported_and_so_is_its_return(linked: WorkerHarness) -> None:
    linked.play(CONNECTED, c.KeepAliveTimeoutEvent(), c.KeepAliveRestoredEvent(DEVICE), Terminated())
    assert types(linked) == [e.Connected, e.Disconnected, e.Connected]
    assert linked.now.status is Status.CONNECTED


def test_the_device_is_what_the_clients_store_says(linked: WorkerHarness) -> None:
    other = Device("4915112345678:3@s.whatsapp.net")
    linked.play(c.ConnectedEvent(other), Terminated())
    assert linked.now.device == other


def test_the_third_round_that_runs_out_ends_the_start(harness: WorkerHarness) -> None:
    for _ in range(2):
        ending = harness.play(c.QREvent(CODE), c.CodesRanOutEvent())
        assert isinstance(ending, Again)
        harness.outside.leases.rows.clear()
    assert harness.play(c.QREvent(CODE), c.CodesRanOutEvent()) == Exit(0)
    assert (harness.now.status, harness.now.reason) == (Status.STOPPED, Reason.QR_TIMEOUT)
    assert harness.outside.leases.rows[harness.session.uid].released


def test_a_client_that_leaves_nothing_behind_is_followed_by_another_one_in_the_same_image(
    harness: WorkerHarness,
) -> None:
    harness.remains = False
    # What the first one still says while its end is dealt with is nobody's.
    late = (c.QREvent(CODE), c.CodesRanOutEvent(), c.QREvent("late"), c.PairErrorEvent("late"))
    assert harness.play(*late) == Exit(0)
    assert (harness.now.status, harness.now.reason, harness.now.round) == (Status.STOPPED, Reason.QR_TIMEOUT, 3)
    assert [client.calls for client in harness.clients[:2]] == [["connect", "disconnect"]] * 2
    assert len([event for event in harness.reported if event.type == "session.qr"]) == 3
    assert harness.outside.leases.rows[harness.session.uid].released


def test_another_round_keeps_the_lease_and_says_when_it_was_renewed(harness: WorkerHarness) -> None:
    ending = harness.play(c.QREvent(CODE), c.CodesRanOutEvent())
    assert isinstance(ending, Again)
    assert ending.handover.renewed is not None
    assert (ending.handover.order.tenant, ending.handover.order.session) == ("default", "ana")
    assert not harness.outside.leases.rows[harness.session.uid].released


def test_a_client_that_dies_while_its_code_is_good_failed_to_pair(harness: WorkerHarness) -> None:
    harness.connected = False
    ending = harness.play(c.QREvent(CODE))
    assert isinstance(ending, Again)
    assert ending.handover.failures == 1
    assert (harness.now.status, harness.now.reason) == (Status.STARTING, Reason.PAIR_ERROR)


def test_failures_in_a_row_add_up_until_a_login_succeeds(harness: WorkerHarness) -> None:
    began = now()
    ending = harness.play(c.EndedEvent("no route"), failures=1)
    assert isinstance(ending, Again)
    assert ending.handover.failures == 2
    assert harness.now.reason == Reason.CONNECT_FAILURE
    assert harness.now.next_at
    assert began + 2_000 <= harness.now.next_at <= now() + 3_000


def test_a_login_forgets_earlier_failures(linked: WorkerHarness) -> None:
    ending = linked.play(CONNECTED, c.DisconnectedEvent(), c.ConnectFailureEvent(500), failures=3)
    assert isinstance(ending, Again)
    assert ending.handover.failures == 1
    assert linked.now.status is Status.DISCONNECTED


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (c.LoggedOutEvent(401), Status.LOGGED_OUT),
        (c.ClientOutdatedEvent(), Status.FAILED),
        (c.TemporaryBanEvent(101, 60), Status.FAILED),
        (c.StreamReplacedEvent(), Status.STOPPED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_end_of_the_link_ends_the_worker(linked: WorkerHarness, event: c.ClientEvent, status: Status) -> None:
    assert linked.play(CONNECTED, event) == Exit(0)
    assert linked.now.status is status
    assert linked.outside.leases.rows[linked.session.uid].released
    assert "disconnect" in linked.clients[0].calls


def test_replaced_by_the_worker_that_was_taken_over_from(linked: WorkerHarness) -> None:
    ending = linked.play(CONNECTED, c.StreamReplacedEvent(), renewed=linked.hold_lease(), took_over_at=now())
    assert isinstance(ending, Again)
    assert ending.handover.replaced
    assert (linked.now.status, linked.now.reason) == (Status.DISCONNECTED, Reason.REPLACED)


def test_replaced_a_second_time_stays_replaced(linked: WorkerHarness) -> None:
    ending = linked.play(
        CONNECTED, c.StreamReplacedEvent(), renewed=linked.hold_lease(), took_over_at=now(), replaced=True
    )
    assert ending == Exit(0)
    assert (linked.now.status, linked.now.reason) == (Status.STOPPED, Reason.REPLACED)


def test_replaced_long_after_a_takeover_stays_replaced(linked: WorkerHarness) -> None:
    linked.play(CONNECTED, c.StreamReplacedEvent(), renewed=linked.hold_lease(), took_over_at=now() - TAKEOVER)
    assert linked.now.status is Status.STOPPED


def test_a_ring_makes_it_look(linked: WorkerHarness) -> None:
    assert linked.play(CONNECTED, lambda: linked.happen(e.StopRequested()), Rung()) == Exit(0)
    assert linked.now.status is Status.STOPPED


def test_a_stop_that_was_asked_before_it_came_needs_no_client(linked: WorkerHarness) -> None:
    linked.happen(e.StopRequested())
    assert linked.play() == Exit(0)
    assert linked.now.status is Status.STOPPED


def test_sigterm_closes_the_socket_before_aws_is_asked_anything(linked: WorkerHarness) -> None:
    closed: list[bool] = []
    get = linked.outside.sessions.get

    def watched(uid: str) -> Session | None:
        closed.extend("disconnect" in client.calls for client in linked.clients)
        return get(uid)

    linked.outside.sessions.get = watched  # type: ignore[method-assign]
    linked.play(CONNECTED, Terminated())
    assert closed[-1]


def test_sigterm_reports_a_stop_that_the_owner_asked_for(linked: WorkerHarness) -> None:
    assert linked.play(CONNECTED, lambda: linked.happen(e.StopRequested()), Terminated()) == Exit(0)
    assert linked.now.status is Status.STOPPED


def test_a_later_claim_fences_it(linked: WorkerHarness) -> None:
    claimed = e.WorkerClaimed("worker-2", "mailbox", standby=False)
    assert linked.play(lambda: linked.happen(claimed), CONNECTED) == Exit(70)
    assert linked.now.status is Status.STARTING
    assert linked.outside.leases.rows[linked.session.uid].released
    assert "disconnect" in linked.clients[0].calls


def test_a_session_that_is_gone_fences_it(linked: WorkerHarness) -> None:
    assert linked.play(linked.outside.sessions.rows.clear, Rung()) == Exit(70)


def for_another_number(harness: WorkerHarness) -> None:
    stands = harness.now
    harness.outside.sessions.rows[stands.uid] = replace(stands, phone="628999999999", require_phone_match=True)


def test_an_account_that_the_session_isn_t_for_is_unlinked_before_it_is_connected(harness: WorkerHarness) -> None:
    for_another_number(harness)
    assert harness.play(c.QREvent(CODE), c.PairSuccessEvent(DEVICE), CONNECTED) == Exit(0)
    assert harness.clients[0].calls == ["connect", "logout", "disconnect"]
    assert (harness.now.status, harness.now.reason, harness.now.device) == (
        Status.LOGGED_OUT,
        Reason.PHONE_MISMATCH,
        None,
    )
    assert harness.now.last_event
    assert harness.now.last_event.data["phone"] == DEVICE.phone
    assert not [event for event in harness.reported if isinstance(event, e.Connected)]


def test_an_account_that_can_t_be_told_to_unlink_is_forgotten_and_that_is_said(harness: WorkerHarness) -> None:
    harness.confirms = False
    for_another_number(harness)
    assert harness.play(c.QREvent(CODE), c.PairSuccessEvent(DEVICE), CONNECTED) == Exit(0)
    assert (harness.now.status, harness.now.reason) == (Status.LOGGED_OUT, Reason.PHONE_MISMATCH_UNCONFIRMED)
    assert list((harness.root / harness.session.uid).glob("device-*")) == []


def test_a_worker_that_takes_over_a_link_that_is_not_accepted_yet_refuses_it_too(linked: WorkerHarness) -> None:
    for_another_number(linked)
    assert linked.play(CONNECTED) == Exit(0)
    assert linked.now.reason == Reason.PHONE_MISMATCH


def test_what_was_linked_before_it_was_asked_for_stays_linked(linked: WorkerHarness) -> None:
    for_another_number(linked)
    stands = linked.now
    linked.outside.sessions.rows[stands.uid] = replace(stands, connected_at=now())
    linked.play(CONNECTED, Terminated())
    assert linked.now.status is Status.CONNECTED
    assert linked.now.phone_mismatch


def test_nothing_that_comes_in_for_an_account_that_is_refused_is_kept(harness: WorkerHarness) -> None:
    for_another_number(harness)
    came = c.Incoming(
        Received("3A01", "628777000001@s.whatsapp.net", Party("628777000001"), at=now(), content=Text("Hi"))
    )
    harness.play(c.QREvent(CODE), c.PairSuccessEvent(DEVICE), came, CONNECTED, came)
    assert harness.outside.messages.rows == {}


def test_a_device_is_linked_as_its_tenant_wants_it_to_look(harness: WorkerHarness) -> None:
    tenant = Tenant("default", "Kopi", 0, ("ana",), device_name="Kopi", device_type=DeviceType.CHROME)
    harness.outside.tenants.add(tenant)
    harness.play(c.QREvent(CODE), Terminated())
    assert harness.appearance == Appearance("Kopi", DeviceType.CHROME)
