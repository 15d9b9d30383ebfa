import pytest

from chalicelib.domain.errors import Contended, Fenced
from chalicelib.domain.events import Connected, Disconnected, QRShown, SettingsChanged, WorkerClaimed
from chalicelib.domain.session import Session, Status
from chalicelib.domain.transitions import MAX_ROUNDS
from tests.composition import Rig
from tests.fakes import MemorySessions
from tests.makers import DEVICE, a_code, a_running_session


@pytest.fixture
def rig():
    rig = Rig()
    session = a_running_session(status=Status.STARTING)
    rig.stores.sessions.rows[session.uid] = session
    return rig


def mine(rig: Rig) -> dict:
    session = next(iter(rig.stores.sessions.rows.values()))
    return {"uid": session.uid, "worker": session.worker, "epoch": session.epoch}


def test_what_a_worker_reports_moves_the_session(rig):
    assert rig.reports.report(QRShown(a_code()), **mine(rig)).status is Status.SCAN_QR


def test_a_late_report_changes_nothing(rig):
    before = rig.stores.sessions.rows[mine(rig)["uid"]]
    assert rig.reports.report(Disconnected(), **mine(rig)) == before
    assert rig.stores.sessions.moves == []


@pytest.mark.parametrize("other", [{"epoch": 2}, {"worker": "another"}, {"uid": "gone"}])
def test_a_worker_without_the_claim_is_fenced(rig, other):
    with pytest.raises(Fenced):
        rig.reports.report(Connected(DEVICE), **(mine(rig) | other))
    assert rig.stores.sessions.moves == []


def test_a_report_on_what_the_worker_saw_last_reads_nothing(rig):
    seen = rig.stores.sessions.rows[mine(rig)["uid"]]
    rig.stores.sessions = Unread(rows=rig.stores.sessions.rows)
    assert rig.reports.report(QRShown(a_code()), known=seen, **mine(rig)).status is Status.SCAN_QR
    assert rig.stores.sessions.reads == 0


def test_a_report_on_what_was_moved_since_is_decided_on_what_stands(rig):
    seen = rig.stores.sessions.rows[mine(rig)["uid"]]
    moved = rig.moves.report(seen, SettingsChanged(name="another"))
    after = rig.reports.report(QRShown(a_code()), known=seen, **mine(rig))
    assert (after.name, after.version, after.status) == ("another", moved.version + 1, Status.SCAN_QR)


def test_what_the_worker_saw_last_proves_no_claim(rig):
    seen, claim = rig.stores.sessions.rows[mine(rig)["uid"]], mine(rig)
    rig.moves.report(seen, WorkerClaimed("another", "q", standby=False, lost=True, task="worker:2", upgraded=False))
    with pytest.raises(Fenced):
        rig.reports.report(QRShown(a_code()), known=seen, **claim)


class Unread(MemorySessions):
    reads = 0

    def get(self, uid: str) -> Session | None:
        self.reads += 1
        return super().get(uid)


def test_the_end_of_the_last_round_is_the_end_of_the_start(rig):
    uid = mine(rig)["uid"]
    rig.stores.sessions.rows[uid] = a_running_session(status=Status.SCAN_QR, qr=a_code(), round=1)
    assert rig.reports.report_scan_ended(**mine(rig)).status is Status.STARTING
    rig.stores.sessions.rows[uid] = a_running_session(status=Status.SCAN_QR, qr=a_code(), round=MAX_ROUNDS)
    assert rig.reports.report_scan_ended(**mine(rig)).status is Status.STOPPED


def test_a_lost_race_is_decided_anew_and_an_endless_one_given_up(rig):
    class Racing(MemorySessions):
        lost = 0

        def move(self, session: Session, *, before: Session | None = None) -> bool:
            self.lost += 1
            return self.lost > 3 and super().move(session)

    rig.stores.sessions = Racing(rows=rig.stores.sessions.rows)
    assert rig.reports.report(QRShown(a_code()), **mine(rig)).status is Status.SCAN_QR
    rig.stores.sessions.lost = -1_000
    with pytest.raises(Contended):
        rig.reports.report(QRShown(a_code(attempt=2)), **mine(rig))
