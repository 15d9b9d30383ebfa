import json

from infra.bench.figures import Goal, GoalKind, Machine, merged
from tests.bench.findings import MACHINE, a_row, findings, near


def test_a_row_has_the_median_the_worst_and_the_multiple_of_its_limit():
    row = a_row(ours=(30, 10, 20), limit=(4, 6), limit_name="raw client")
    assert (row.median, row.worst, row.limit_median, row.ratio) == (20, 30, 5, 4)


def test_where_more_is_better_the_worst_is_the_smallest():
    assert a_row(ours=(30, 10, 20), more=True).worst == 10


def test_a_goal_over_the_limit_is_met_up_to_its_value():
    assert a_row(ours=(45,), **near(5, 40)).met is True
    assert a_row(ours=(45.1,), **near(5, 40)).met is False


def test_a_goal_over_a_limit_that_was_not_measured_is_neither_met_nor_missed():
    row = a_row(goal=Goal(GoalKind.OVER_LIMIT, 40))
    assert row.met is None
    assert "no limit" in row.line


def test_goals_of_at_most_and_at_least_are_of_the_median():
    assert a_row(ours=(1, 2, 900), goal=Goal(GoalKind.AT_MOST, 2)).met is True
    assert a_row(ours=(1, 19, 900), goal=Goal(GoalKind.AT_LEAST, 20), more=True).met is False


def test_a_limit_of_nothing_has_no_multiple():
    assert a_row(limit=(0, 0), limit_name="nothing").ratio is None


def test_a_line_says_what_was_found_and_wanted():
    line = a_row(**near(5, 10)).line
    assert "20 ms (worst 30)" in line
    assert "raw client 5 ms" in line
    assert "ratio 4.00" in line
    assert "goal ≤ limit + 10 ms: not met" in line


def test_rows_of_several_runs_become_one_in_the_order_of_the_first():
    rows = [a_row("a", (1,), limit=(2,)), a_row("b", (5,)), a_row("a", (3,), limit=(4,), note="later")]
    assert merged(rows) == [a_row("a", (1, 3), limit=(2, 4), note="later"), a_row("b", (5,))]


def test_a_machine_with_work_waiting_for_its_cores_is_not_quiet():
    assert MACHINE.quiet
    assert not Machine("cpu", 2, 1, "6", "3.11", 0.7).quiet


def test_the_json_has_the_figures_and_what_follows_from_them():
    told = json.loads(json.dumps(findings(a_row(**near(5, 10))).data))
    (row,) = told["rows"]
    assert row["ours"] == [30, 10, 20]
    assert row["goal"] == {"kind": "over the limit at most", "value": 10}
    assert (row["median"], row["limit_median"], row["ratio"], row["met"]) == (20, 5, 4, False)
    assert told["machine"]["quiet"] is True
    assert told["revision"] == "abc1234+"
