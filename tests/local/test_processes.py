import os
import subprocess
import sys
import time

import pytest

from infra.local.client import children, open_files, processor_ms

pytestmark = pytest.mark.subprocess


def test_a_child_is_found_by_what_it_runs(tmp_path):
    command = [sys.executable, "-c", "import sys; held = open(sys.argv[1], 'w'); print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(
        [*command, str(tmp_path / "held")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        child.stdout.readline()
        assert children(os.getpid(), str(tmp_path).encode()) == [child.pid]
        assert children(os.getpid(), b"something else") == []
        assert str(tmp_path / "held") in open_files(child.pid)
        assert child.stdin
        child.stdin.close()
    assert open_files(child.pid) == []


def test_work_takes_time_of_the_processor():
    before, ends = processor_ms(os.getpid()), time.process_time() + 0.1
    while time.process_time() < ends:
        pass
    assert processor_ms(os.getpid()) - before >= 80
