"""Which session is meant where none is named, and when a look starts it."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import SessionAmbiguous, SessionDeleting, SessionDisabled
from chalicelib.domain.session import Desired, Reason, Session, Status
from chalicelib.services.sessions.single_session import REST, SingleSession
from tests.composition import Rig
from tests.makers import DEVICE, a_running_session, a_session


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def single(rig: Rig) -> SingleSession:
    return SingleSession(rig.sessions, rig.clock)


def put(rig: Rig, *ids: str, **fields: object) -> None:
    for one in ids:
        rig.stores.sessions.rows[one] = a_session(id=one, uid=one, **fields)


def id_of(session: Session | None) -> str | None:
    return session.id if session else None


def test_a_bound_key_means_its_own_however_many_there_are(rig: Rig, single: SingleSession) -> None:
    put(rig, "ana", "bob", "default")
    assert id_of(single.find("default", "bob")) == "bob"
    assert single.find("default", "cid") is None


def test_the_only_one_is_meant_and_of_several_the_default(rig: Rig, single: SingleSession) -> None:
    assert single.find("default", None) is None
    put(rig, "ana")
    assert id_of(single.find("default", None)) == "ana"
    put(rig, "bob")
    with pytest.raises(SessionAmbiguous):
        single.find("default", None)
    put(rig, "default")
    assert id_of(single.find("default", None)) == "default"
    assert single.find("acme", None) is None


def test_one_that_is_being_deleted_is_not_meant(rig: Rig, single: SingleSession) -> None:
    put(rig, "a", "b", "c", status=Status.DELETING)
    put(rig, "d")
    assert id_of(single.find("default", None)) == "d"


@pytest.mark.parametrize(("bound", "made"), [(None, "default"), ("shop", "shop")])
def test_a_missing_one_is_made_once_and_wanted_running(
    rig: Rig, single: SingleSession, bound: str | None, made: str
) -> None:
    first = single.get_or_create("default", bound)
    assert (first.id, first.desired) == (made, Desired.RUNNING)
    assert single.get_or_create("default", bound) == first
    assert len(rig.stores.sessions.rows) == 1


def test_one_is_not_made_in_the_place_of_one_that_goes(rig: Rig, single: SingleSession) -> None:
    put(rig, "default", status=Status.DELETING, desired=Desired.DELETED)
    with pytest.raises(SessionDeleting):
        single.get_or_create("default", None)


def final(reason: str | None, status: Status = Status.STOPPED, **fields: object) -> Session:
    fields = {"desired": Desired.STOPPED, "observed_generation": 1, "reason": reason, **fields}
    return a_running_session(status=status, **fields)


def starts(rig: Rig, single: SingleSession, session: Session, *, asked: bool) -> bool:
    rig.stores.sessions.rows[session.uid] = session
    looked = single.start_for_qr(session) if asked else single.autostart(session)
    return looked.generation > session.generation


NEW = a_session()
LOST = final(Reason.UNLINKED_FROM_PHONE, Status.LOGGED_OUT, device=DEVICE, desired=Desired.RUNNING)
UNSCANNED = final(Reason.QR_TIMEOUT)
AT_ONCE = [NEW, LOST]
WHEN_ASKED = [
    UNSCANNED,
    final(Reason.REQUESTED),
    final(Reason.REQUESTED, device=DEVICE),
    final(Reason.UNLINKED_BY_OWNER, Status.LOGGED_OUT, desired=Desired.UNLINKED),
    final(Reason.REPLACED, device=DEVICE),
]
NEVER = [
    final(Reason.TEMPORARY_BAN, Status.FAILED),
    final(Reason.PASSKEY_REQUIRED, Status.PASSKEY_REQUIRED),
    *(a_running_session(status=status) for status in (Status.STARTING, Status.SCAN_QR, Status.CONNECTED)),
]


@pytest.mark.parametrize("session", AT_ONCE)
def test_a_look_starts_what_waits_for_a_scan(rig: Rig, single: SingleSession, session: Session) -> None:
    assert starts(rig, single, session, asked=False)
    assert starts(rig, single, session, asked=True)


@pytest.mark.parametrize("session", WHEN_ASKED)
def test_a_look_does_not_start_what_was_stopped_but_asking_for_the_code_does(
    rig: Rig, single: SingleSession, session: Session
) -> None:
    assert not starts(rig, single, session, asked=False)
    assert starts(rig, single, session, asked=True)


@pytest.mark.parametrize("session", NEVER)
def test_what_runs_or_has_failed_is_left_alone(rig: Rig, single: SingleSession, session: Session) -> None:
    assert not starts(rig, single, session, asked=False)
    assert not starts(rig, single, session, asked=True)


def test_what_nobody_scanned_rests_before_a_look_starts_it_again(rig: Rig, single: SingleSession) -> None:
    rig.clock.now = UNSCANNED.since + REST - 1
    assert not starts(rig, single, UNSCANNED, asked=False)
    rig.clock.now += 1
    assert starts(rig, single, UNSCANNED, asked=False)


def test_a_look_at_one_that_is_switched_off_tells_how_it_stands(rig: Rig, single: SingleSession) -> None:
    session = replace(NEW, enabled=False)
    assert not starts(rig, single, session, asked=False)
    with pytest.raises(SessionDisabled):
        single.start_for_qr(session)
