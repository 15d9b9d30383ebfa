from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.bench.comparing import alternate, checkout, compare, requirements_that_differ
from infra.bench.figures import Row
from infra.bench.measuring import Bench
from infra.local.client import ROOT, NotAsExpected
from tests.bench.findings import a_row


def shares(before: list[Row], after: list[Row]) -> dict[str, float | None]:
    return {change.after.name: change.share for change in compare(before, after).changes}


def test_a_median_over_a_tenth_slower_is_named_and_one_within_it_is_not():
    found = compare([a_row("a", (100,)), a_row("b", (100,))], [a_row("a", (111,)), a_row("b", (110,))])
    assert [change.after.name for change in found.worse] == ["a"]
    assert "WORSE" in found.changes[0].line
    assert "WORSE" not in found.changes[1].line


def test_where_more_is_better_less_is_worse():
    found = compare([a_row("a", (20,), more=True)], [a_row("a", (10,), more=True)])
    assert [change.share for change in found.worse] == [0.5]
    assert not compare([a_row("a", (10,), more=True)], [a_row("a", (20,), more=True)]).worse


def test_medians_are_of_all_runs():
    before = [a_row("a", (10,)), a_row("a", (500,)), a_row("a", (12,))]
    assert shares(before, [a_row("a", (12,))]) == {"a": 0}


def test_anything_is_worse_than_nothing():
    assert compare([a_row("a", (0,))], [a_row("a", (1,))]).worse
    assert not compare([a_row("a", (0,))], [a_row("a", (0,))]).worse


def test_a_row_that_only_one_of_them_has_cannot_be_compared():
    found = compare([a_row("a"), a_row("b")], [a_row("a"), a_row("c")])
    assert [change.after.name for change in found.changes] == ["a"]
    assert found.missing == (
        "messages: b was measured in one of the two only",
        "messages: c was measured in one of the two only",
    )


def test_a_line_says_how_far_the_limit_moved():
    found = compare([a_row("a", (10,), limit=(4,))], [a_row("a", (11,), limit=(5,))])
    assert "(limit +25%)" in found.changes[0].line


def test_both_are_measured_in_turn_and_every_other_time_the_other_way_round(capsys):
    asked: list[Path] = []

    def part(bench: Bench) -> Iterator[Row]:
        asked.append(bench.root)
        yield a_row(ours=(len(asked),))

    roots = {"before": Path("/before"), "after": Path("/after")}
    problems: list[str] = []
    rows = alternate(roots, {"messages": part}, 2, problems)
    assert [root.name for root in asked] == ["before", "after", "after", "before"]
    assert [row.ours for row in rows["before"]] == [(1,), (4,)]
    assert problems == []


def test_a_part_that_a_revision_cannot_do_is_told_of_once_and_left_out(capsys):
    def part(bench: Bench) -> Iterator[Row]:
        if bench.root.name == "before":
            raise NotAsExpected("no such route")
        yield a_row()

    problems: list[str] = []
    rows = alternate({"before": Path("/before"), "after": Path("/after")}, {"messages": part}, 3, problems)
    (problem,) = problems
    assert problem.startswith("messages: before")
    assert "no such route" in problem
    assert not rows["before"]


def test_this_checkout_has_this_checkout_s_requirements(tmp_path):
    assert requirements_that_differ(ROOT) == []
    (tmp_path / "requirements.txt").write_text("boto3==1\n")
    assert requirements_that_differ(tmp_path) == ["requirements.txt"]


@pytest.mark.subprocess
def test_a_revision_is_checked_out_for_as_long_as_it_is_measured(tmp_path):
    with checkout("HEAD", tmp_path / "before") as root:
        assert (root / "app.py").read_bytes()
    assert not (tmp_path / "before").exists()


@pytest.mark.subprocess
def test_no_such_revision_is_said_in_git_s_words(tmp_path):
    with pytest.raises(NotAsExpected, match="nosuchrevision"), checkout("nosuchrevision", tmp_path / "before"):
        pass
