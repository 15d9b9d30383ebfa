from html.parser import HTMLParser

from infra.bench.figures import Goal, GoalKind, Machine
from infra.bench.page import page
from tests.bench.findings import a_row, findings, near

VOID = {"br", "meta"}


class Cells(HTMLParser):
    """The cells of all rows, and whether each element that begins ends."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def read(*rows, **more) -> Cells:
    cells = Cells()
    cells.feed(page(findings(*rows, **more)))
    assert cells.open == [], "each element ends"
    return cells


def test_each_row_shows_limit_figures_ratio_goal_and_verdict():
    cells = read(a_row(**near(5, 10)), a_row("a text comes in", (4.0,), goal=Goal(GoalKind.AT_MOST, 15)))
    assert cells.rows == [
        ["", "limit", "ours: median", "worst", "ratio", "goal", ""],
        ["a send", "5 msraw client", "20 ms", "30 ms", "4.00", "≤ limit + 10 ms", "not met"],
        ["a text comes in", "", "4 ms", "4 ms", "", "≤ 15 ms", "met"],
    ]
    assert "1 of 2 goals are met" in cells.text


def test_each_part_has_a_table_of_its_own():
    cells = read(a_row(), a_row(part="linking"), a_row("scan", part="linking"))
    assert [len(row) for row in cells.rows] == [7] * 5
    assert "linking" in cells.text


def test_names_and_notes_are_text_whatever_they_hold():
    cells = read(a_row("<b>send</b>", note="a & <script>alert(1)</script>", **near(1, 1)))
    assert "script" not in cells.seen
    assert "b" not in cells.seen
    assert cells.rows[1][0] == "<b>send</b>a & <script>alert(1)</script>"
    assert "EPYC <9> & more" in cells.text


def test_the_page_needs_no_other_file_and_no_script():
    text = page(findings(a_row()))
    assert not {"script", "link", "img", "iframe"} & read(a_row()).seen
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_is_for_dark_light_and_paper():
    text = page(findings(a_row()))
    assert "color-scheme: light dark" in text
    assert "@media print" in text


def test_a_machine_that_was_not_quiet_is_said_to_be():
    assert "not quiet" in read(a_row(), machine=Machine("cpu", 2, 1, "6", "3.11", 3.0)).text
    assert "not quiet" not in read(a_row()).text


def a_story() -> dict[str, object]:
    steps = [{"label": "api <1>", "ms": 30.0, "own": False}, {"label": "api own time", "ms": 10.0, "own": True}]
    costs = [{"label": "api <1>", "ms": 30.0}]
    return {"name": "a & b", "took": [40.0, 41.0], "p50": 40.5, "p95": 41.0, "path": steps, "costliest": costs}


def test_a_story_shows_its_percentiles_its_costliest_hops_and_its_path():
    cells = read(stories=(a_story(),))
    assert ["a & b", "40.5 ms", "41 ms", "2", "api <1>: 30"] in cells.rows
    assert ["api <1>", "30.0 ms", ""] in cells.rows
    assert ["api own time", "10.0 ms", ""] in cells.rows


def test_a_step_s_bar_lies_where_the_step_lies_in_the_whole():
    text = page(findings(stories=(a_story(),)))
    assert 'class="bar" style="margin-left:0.00%;width:75.00%"' in text
    assert 'class="bar wait" style="margin-left:75.00%;width:25.00%"' in text


def test_own_time_between_two_calls_is_left_out_and_keeps_its_place():
    steps = [
        {"label": "first", "ms": 100.0, "own": False},
        {"label": "hardly any", "ms": 0.5, "own": True},
        {"label": "second", "ms": 99.5, "own": False},
    ]
    text = page(findings(stories=(a_story() | {"path": steps},)))
    assert "hardly any" not in text
    assert "margin-left:50.25%" in text
