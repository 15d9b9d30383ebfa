"""Reading plain values as types, by many threads at once."""

import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import pytest

from chalicelib.reading import Reader

RACE = """
import sys
from dataclasses import field, make_dataclass
from threading import Barrier, Thread

from chalicelib.reading import Reader

sys.setswitchinterval(1e-6)
for _ in range(40):
    inner = make_dataclass("Inner", [("a", str | None, field(default=None))])
    kind = make_dataclass("Kind", [(f"f{number}", inner | None, field(default=None)) for number in range(30)])
    start = Barrier(8)

    def read():
        start.wait()
        Reader(kind).plain({"f0": {"a": "x"}})

    threads = [Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("alive")
"""


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    colour: Colour
    size: int = 1


def test_it_reads_plain_values_and_json():
    reader = Reader(Thing)
    assert reader.plain({"colour": "red", "unknown": 1}) == reader.json('{"colour": "red"}') == Thing(Colour.RED)


@pytest.mark.parametrize("value", [{}, {"colour": "blue"}, {"colour": "red", "size": "2"}, [], None])
def test_what_is_not_of_the_type_is_refused(value):
    with pytest.raises(msgspec.ValidationError):
        Reader(Thing).plain(value)


def test_json_that_is_none_is_refused():
    with pytest.raises(msgspec.DecodeError):
        Reader(Thing).json("{")


def test_threads_that_meet_a_type_at_the_same_time_all_read_it():
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n")
