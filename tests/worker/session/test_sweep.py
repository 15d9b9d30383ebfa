"""Directories of sessions that are gone."""

import os
from pathlib import Path

from chalicelib.services.ports import Unavailable
from chalicelib.worker.session.device import AT_ONCE, Devices, sweep
from tests.fakes import MemorySessions
from tests.makers import NOW, a_session


def a_home(root: Path, uid: str, *, hours_old: float) -> Path:
    home = root / uid
    home.mkdir(parents=True)
    (home / "device-0000000001.db").touch()
    at = NOW / 1000 - hours_old * 3600
    os.utime(home, (at, at))
    return home


def test_only_old_directories_of_sessions_that_are_gone_are_erased(tmp_path: Path) -> None:
    sessions = MemorySessions()
    sessions.create(a_session(uid="stands"))
    stands = a_home(tmp_path, "stands", hours_old=5)
    gone = a_home(tmp_path, "gone", hours_old=5)
    young = a_home(tmp_path, "young", hours_old=0.5)
    assert sweep(Devices(tmp_path), sessions, now=NOW) == 1
    assert (stands.exists(), gone.exists(), young.exists()) == (True, False, True)


def test_a_sweep_asks_about_a_bounded_number(tmp_path: Path) -> None:
    for number in range(AT_ONCE + 5):
        a_home(tmp_path, f"gone-{number}", hours_old=2)
    assert sweep(Devices(tmp_path), MemorySessions(), now=NOW) == AT_ONCE
    assert sweep(Devices(tmp_path), MemorySessions(), now=NOW) == 5


def test_without_an_answer_nothing_is_erased(tmp_path: Path) -> None:
    class Away(MemorySessions):
        def get(self, uid: str) -> None:
            raise Unavailable

    home = a_home(tmp_path, "unknown", hours_old=2)
    assert sweep(Devices(tmp_path), Away(), now=NOW) == 0
    assert home.exists()


def test_where_nothing_is_stored_nothing_is_swept(tmp_path: Path) -> None:
    assert sweep(Devices(tmp_path / "none"), MemorySessions(), now=NOW) == 0


def test_a_directory_that_another_worker_takes_meanwhile_is_passed_over(tmp_path: Path) -> None:
    home = a_home(tmp_path, "gone", hours_old=2)

    class Raced(Devices):
        def uids(self) -> list[str]:
            home.rename(home.with_name("elsewhere"))
            return ["gone"]

    assert sweep(Raced(tmp_path), MemorySessions(), now=NOW) == 0
