"""The lease, held until it is given back."""

from pathlib import Path
from threading import Event

import pytest

from chalicelib.worker.lease import hold as holding
from tests.fakes import MemoryLeases
from tests.worker.puppets import Theatre


def test_a_lease_is_given_back_once_and_nothing_is_done_under_it_any_more(tmp_path: Path) -> None:
    theatre = Theatre(tmp_path)
    _, hold = theatre.desk()
    assert not hold.late
    hold.release()
    assert hold.late
    assert theatre.outside.leases.rows[theatre.session.uid].released
    theatre.outside.leases.rows.clear()
    hold.release()
    assert theatre.outside.leases.rows == {}


def test_an_aws_that_hangs_keeps_no_worker_from_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "RELEASING_TAKES", 0.05)
    hangs = Event()

    class Hanging(MemoryLeases):
        def release(self, uid: str, *, worker: str, epoch: int) -> bool:
            return hangs.wait(60)

    theatre = Theatre(tmp_path)
    theatre.outside.leases = Hanging()
    _, hold = theatre.desk()
    hold.release()
    assert not theatre.outside.leases.rows[theatre.session.uid].released
    hangs.set()
