import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.state import Journal

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from infra.local.state import Journal
journal = Journal(Path(sys.argv[1]), "j")
for number in range(10**9):
    journal.append(str(number))
    print(number, flush=True)
"""


def replayed(directory):
    return list(Journal(directory, "j").replay())


def test_lines_come_back_in_order(tmp_path):
    journal = Journal(tmp_path, "j")
    for line in ('{"a": 1}', "[2]", '"\\n"'):
        journal.append(line)
    assert replayed(tmp_path) == [{"a": 1}, [2], "\n"]


def test_each_run_begins_a_file_and_all_are_read_oldest_first(tmp_path):
    for number in range(12):
        Journal(tmp_path, "j").append(str(number))
    assert replayed(tmp_path) == list(range(12))


def test_a_killed_writer_loses_nothing_that_was_appended(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 500:
                os.kill(writer.pid, signal.SIGKILL)
                break
        told = [int(line) for line in writer.stdout.read().split("\n") if line.isdigit()]
    last = max(told, default=500)
    assert replayed(tmp_path)[: last + 1] == list(range(last + 1))


def test_what_was_cut_off_within_a_line_is_as_if_it_never_was(tmp_path):
    Journal(tmp_path, "j").append('{"whole": 1}')
    [file] = tmp_path.glob("j.*")
    file.write_bytes(file.read_bytes() + b'{"torn": ')
    Journal(tmp_path, "j").append('{"later": 1}')
    assert replayed(tmp_path) == [{"whole": 1}, {"later": 1}]


def test_a_line_that_the_disk_does_not_take_leaves_no_piece_behind(tmp_path, monkeypatch):
    journal = Journal(tmp_path, "j")
    journal.append("1")
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, data: write(file, data[:3]))
        with pytest.raises(OSError, match="no room"):
            journal.append('"never told to be kept"')
    journal.append("2")
    assert replayed(tmp_path) == [1, 2]


def test_a_snapshot_takes_the_place_of_what_came_before_it(tmp_path):
    journal = Journal(tmp_path, "j")
    journal.append("1")
    before = journal.rotate()
    journal.append("2")
    journal.drop(before)
    assert replayed(tmp_path) == [2]


def test_the_oldest_goes_first_so_that_an_end_in_between_leaves_the_latest(tmp_path, monkeypatch):
    for number in range(3):
        Journal(tmp_path, "j").append(str(number))
    journal = Journal(tmp_path, "j")
    before = journal.rotate()
    unlink = Path.unlink
    gone: list[Path] = []

    def once(path, **options):
        if gone:
            raise KeyboardInterrupt
        gone.append(path)
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", once)
    with pytest.raises(KeyboardInterrupt):
        journal.drop(before)
    assert replayed(tmp_path) == [1, 2]


def test_only_the_owner_may_read_it(tmp_path):
    Journal(tmp_path, "j").append("1")
    [file] = tmp_path.glob("j.*")
    assert file.stat().st_mode & 0o777 == 0o600
