from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from chalicelib.domain.errors import (
    AlreadyConnected,
    AlreadyLinked,
    GatewayError,
    PasskeyRequired,
    QRNotReady,
    SessionDeleting,
    SessionDisabled,
    SessionExists,
    SessionFailed,
    SessionNotFound,
    SessionStopped,
)
from chalicelib.domain.session import LINKING_LAPSED, Desired, Reason, Session, Status
from tests.composition import Rig
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session


@pytest.fixture
def rig():
    return Rig()


def created(rig: Rig, session_id: str | None = "ana", *, start: bool = False, tenant: str = "default") -> Session:
    return rig.sessions.create(
        tenant, session_id=session_id, phone=None, name="Ana", webhook_url=None, enabled=True, start=start
    )


def standing(rig: Rig, session: Session) -> Session:
    rig.stores.sessions.rows[session.uid] = session
    return session


def test_a_created_session_waits_for_its_owner(rig):
    session = created(rig)
    assert (session.status, session.desired, session.generation) == (Status.CREATED, Desired.STOPPED, 0)


def test_a_session_can_be_created_running(rig):
    session = created(rig, start=True)
    assert (session.status, session.desired, session.generation, session.version) == (
        Status.CREATED,
        Desired.RUNNING,
        1,
        0,
    )


def test_a_session_without_an_id_gets_one_nobody_has(rig):
    assert created(rig, None).id != created(rig, None).id


def test_an_id_is_taken_once_a_tenant(rig):
    first = created(rig)
    with pytest.raises(SessionExists) as refusal:
        created(rig)
    assert refusal.value.session == first
    assert created(rig, tenant="other").uid != first.uid


def test_the_id_of_a_session_that_is_being_deleted_is_not_free_yet(rig):
    standing(rig, a_session(status=Status.DELETING, desired=Desired.DELETED))
    with pytest.raises(SessionDeleting) as refusal:
        created(rig)
    assert refusal.value.retry_after


def test_another_tenant_s_session_is_not_there(rig):
    created(rig)
    for act in (rig.sessions.get, rig.sessions.start, rig.sessions.stop, rig.sessions.unlink, rig.sessions.delete):
        with pytest.raises(SessionNotFound):
            act("other", "ana")


def test_a_start_that_is_under_way_changes_nothing(rig):
    created(rig)
    first = rig.sessions.start("default", "ana")
    assert rig.sessions.start("default", "ana") == first
    assert first.generation == 1


@pytest.mark.parametrize("fields", [{}, {"status": Status.STOPPED, "desired": Desired.STOPPED}])
def test_one_that_is_switched_off_is_not_started_nor_said_to_be(rig, fields):
    session = standing(rig, a_running_session(enabled=False, **fields))
    with pytest.raises(SessionDisabled):
        rig.sessions.start("default", session.id)
    assert rig.stores.sessions.rows[session.uid] == session


def test_after_a_final_status_a_start_is_a_new_one(rig):
    standing(rig, a_running_session(status=Status.STOPPED, observed_generation=1))
    assert rig.sessions.start("default", "ana").generation == 2


def test_a_stop_returns_when_the_worker_has_ended(rig):
    session = standing(rig, a_running_session())

    def worker_ends(seconds: float) -> None:
        rig.clock.sleep(seconds)
        stands = rig.stores.sessions.rows[session.uid]
        rig.stores.sessions.rows[session.uid] = replace(
            stands, status=Status.STOPPED, observed_generation=stands.generation
        )

    waiting = structs.replace(rig.waiting, sleep=worker_ends)
    stopped = structs.replace(rig.sessions, waiting=waiting).stop("default", "ana")
    assert (stopped.status, stopped.desired) == (Status.STOPPED, Desired.STOPPED)


def test_a_stop_that_takes_long_returns_what_stands(rig):
    standing(rig, a_running_session())
    stopped = rig.sessions.stop("default", "ana")
    assert (stopped.status, stopped.desired) == (Status.CONNECTED, Desired.STOPPED)
    assert rig.clock() - NOW <= 9_000


def test_a_delete_says_whether_the_session_is_gone(rig):
    session = standing(rig, a_running_session())
    assert not rig.sessions.delete("default", "ana").gone
    assert rig.stores.sessions.rows[session.uid].status is Status.DELETING
    assert not rig.sessions.delete("default", "ana").gone, "a second delete waits for the first"


def test_nothing_but_a_delete_is_possible_while_a_session_is_being_deleted(rig):
    standing(rig, a_session(status=Status.DELETING, desired=Desired.DELETED))
    for act in (rig.sessions.start, rig.sessions.stop, rig.sessions.unlink):
        with pytest.raises(SessionDeleting):
            act("default", "ana")


def test_a_code_that_can_be_scanned_is_answered_at_once(rig):
    session = standing(rig, a_running_session(status=Status.SCAN_QR, qr=a_code()))
    assert rig.sessions.code("default", "ana", wait=20) == (session, a_code())
    assert rig.clock() == NOW


def test_an_expired_code_is_not_answered(rig):
    standing(rig, a_running_session(status=Status.SCAN_QR, qr=a_code(expires_at=NOW)))
    with pytest.raises(QRNotReady):
        rig.sessions.code("default", "ana", wait=0)


def test_a_code_is_waited_for(rig):
    session = standing(rig, a_running_session(status=Status.STARTING))

    def code_comes(seconds: float) -> None:
        rig.clock.sleep(seconds)
        rig.stores.sessions.rows[session.uid] = replace(session, status=Status.SCAN_QR, qr=a_code())

    sessions = structs.replace(rig.sessions, waiting=structs.replace(rig.waiting, sleep=code_comes))
    assert sessions.code("default", "ana", wait=20)[1] == a_code()


def test_the_wait_for_a_code_is_bounded(rig):
    standing(rig, a_running_session(status=Status.STARTING))
    with pytest.raises(QRNotReady) as refusal:
        rig.sessions.code("default", "ana", wait=3)
    assert refusal.value.retry_after
    assert 3_000 <= rig.clock() - NOW < 3_100


@pytest.mark.parametrize(
    ("session", "refusal"),
    [
        (a_running_session(status=Status.CONNECTED), AlreadyConnected),
        (a_running_session(status=Status.DISCONNECTED), AlreadyConnected),
        (a_running_session(status=Status.PAIRING), AlreadyConnected),
        (a_session(), SessionStopped),
        (a_running_session(status=Status.STOPPED, observed_generation=1), SessionStopped),
        (a_running_session(status=Status.FAILED, observed_generation=1), SessionFailed),
        (a_running_session(status=Status.PASSKEY_REQUIRED, observed_generation=1), PasskeyRequired),
        (a_session(status=Status.DELETING, desired=Desired.DELETED), SessionDeleting),
    ],
    ids=lambda value: getattr(value, "status", None) or getattr(value, "__name__", ""),
)
def test_where_no_code_will_come_the_answer_says_why_at_once(rig, session, refusal):
    standing(rig, session)
    with pytest.raises(refusal):
        rig.sessions.code("default", "ana", wait=20)
    assert rig.clock() == NOW


def test_a_session_that_was_asked_to_start_again_is_waited_for_though_its_last_end_stands(rig):
    standing(rig, a_running_session(status=Status.STOPPED, generation=2, observed_generation=1))
    with pytest.raises(QRNotReady):
        rig.sessions.code("default", "ana", wait=1)


@pytest.mark.parametrize("reason", sorted(LINKING_LAPSED))
def test_whoever_holds_the_phone_may_have_a_linking_begin_again_that_came_to_nothing(rig: Rig, reason: Reason) -> None:
    lapsed = a_running_session(status=Status.STOPPED, reason=reason, observed_generation=1)
    rig.stores.sessions.rows[lapsed.uid] = lapsed
    for _ in range(2):
        assert rig.sessions.link_again("default", "ana").generation == 2, "the second call finds it on its way"


@pytest.mark.parametrize(
    ("stands", "error"),
    [
        ({"status": Status.CONNECTED, "device": DEVICE}, AlreadyLinked),
        ({"status": Status.PAIRING, "device": DEVICE}, AlreadyLinked),
        ({"status": Status.STOPPED, "reason": Reason.QR_TIMEOUT, "device": DEVICE}, AlreadyLinked),
        ({"status": Status.STOPPED, "reason": Reason.REQUESTED}, SessionStopped),
        ({"status": Status.FAILED, "reason": Reason.CLIENT_OUTDATED}, SessionFailed),
        ({"status": Status.STOPPED, "reason": Reason.QR_TIMEOUT, "enabled": False}, SessionDisabled),
        ({"status": Status.DELETING}, SessionDeleting),
    ],
)
def test_and_nothing_else(rig: Rig, stands: dict[str, Any], error: type[GatewayError]) -> None:
    session = a_running_session(**({"observed_generation": 1} | stands))
    rig.stores.sessions.rows[session.uid] = session
    with pytest.raises(error):
        rig.sessions.link_again("default", "ana")
    assert rig.stores.sessions.rows[session.uid] == session
