"""Reading plain values as types, by many threads at once, and JSON that strangers send."""

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.reading import DEEPEST, BadJson, Reader, is_text, parse_json

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


@pytest.mark.subprocess
def test_threads_that_meet_a_type_at_the_same_time_all_read_it():
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n")


@pytest.mark.parametrize("text", ['{"a":[1,"x",null]}', "7", '"\\ud83d\\ude00"', b'{"a": true}'])
def test_json_from_outside_is_read_as_plain_values(text):
    assert parse_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[NaN]",
        '"\\ud800"',
        '"\\udfff"',
        '{"a":"\\ud83dx"}',
        '{"\\ud800":1}',
        '["\ud800"]',
        b'["\xed\xa0\x80"]',
        b'["\xff"]',
        "[" * 60_000,
        "[" * 60_000 + "]" * 60_000,
        '{"a":' * 60_000 + "1" + "}" * 60_000,
    ],
)
def test_what_no_program_of_ours_can_work_with_ends_at_the_parser(text):
    with pytest.raises(BadJson):
        parse_json(text)


def test_nesting_has_an_end():
    assert parse_json("[" * DEEPEST + "]" * DEEPEST)
    for wrong in ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), '{"a":[{"b":' * DEEPEST + "1" + "}]}" * DEEPEST):
        with pytest.raises(BadJson, match="nested"):
            parse_json(wrong)


@pytest.mark.parametrize("text", ['{"colour":"red","x":' + "[" * 60_000 + "]" * 60_000 + "}", '{"colour":"\ud800"}'])
def test_a_type_s_reader_refuses_the_same(text):
    with pytest.raises(msgspec.DecodeError):
        Reader(Thing).json(text)


@given(st.text(st.characters()))
def test_text_is_what_can_be_encoded(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        assert not is_text(text)
    else:
        assert is_text(text)
