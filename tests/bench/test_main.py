import json
from collections.abc import Callable, Iterator

import pytest

from infra.bench.__main__ import main, measured, write_down
from infra.bench.comparing import main as compare
from infra.bench.figures import Row
from infra.bench.measuring import Bench
from infra.bench.profile import main as profile
from infra.local.client import ROOT, NotAsExpected
from tests.bench.findings import a_row, findings


def send(_: Bench) -> Iterator[Row]:
    yield a_row("a send")


def broken(_: Bench) -> Iterator[Row]:
    yield a_row("a code")
    raise NotAsExpected("a long log\nno code within 60 s")


def test_a_part_that_fails_ends_alone_and_is_told_of_in_one_sentence(capsys):
    problems: list[str] = []
    rows = list(measured({"linking": broken, "messages": send}, 1, ROOT, problems))
    assert [row.name for row in rows] == ["a code", "a send"]
    assert problems == ["linking can't be measured: no code within 60 s"]
    assert "no code within 60 s" in capsys.readouterr().err


def test_each_part_has_an_empty_directory_of_its_own(capsys):
    seen = set()

    def part(bench: Bench) -> Iterator[Row]:
        assert list(bench.state.iterdir()) == []
        seen.add(bench.state)
        (bench.state / "kept").touch()
        yield a_row()

    list(measured({"one": part, "other": part}, 1, ROOT, []))
    assert len(seen) == 2
    assert not any(state.exists() for state in seen)


def test_the_page_and_the_json_are_written_down_together(tmp_path):
    write_down(findings(a_row("a send"), notes=("linking can't be measured",)), tmp_path / "bench")
    told = json.loads((tmp_path / "bench" / "bench.json").read_text())
    assert [row["name"] for row in told["rows"]] == ["a send"]
    page = (tmp_path / "bench" / "index.html").read_text()
    assert "a send" in page
    assert "linking can&#x27;t be measured" in page


@pytest.mark.parametrize("command", [main, compare, profile])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", ""])
def test_nothing_is_measured_no_time_at_all(
    command: Callable[[], object], number: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    option = "--messages" if command is profile else "--runs"
    monkeypatch.setattr("sys.argv", ["bench", f"{option}={number}", *(["HEAD"] if command is compare else [])])
    with pytest.raises(SystemExit, match="2"):
        command()
    assert f"{number} is no whole number from 1" in capsys.readouterr().err
