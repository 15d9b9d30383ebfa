"""The findings of a run as one page: HTML that needs no script and no other file, for dark, light and paper."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any, Final

from infra.bench.figures import Findings, Row, shown
from infra.bench.paths import SMALL

STYLE: Final = """
:root { color-scheme: light dark; --fine: light-dark(#5f6368, #a8adb4); --line: light-dark(#d9dce1, #3a3f47);
  --good: light-dark(#1a6b37, #7ed39b); --bad: light-dark(#a3271c, #ff9d92); --bar: light-dark(#3b6fb6, #7ba7e0);
  --wait: light-dark(#c9ced6, #4b515b); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 75rem;
  background: light-dark(#fff, #16181c); color: light-dark(#1d2024, #e7e9ec); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin-bottom: .25rem; }
p { margin: .25rem 0; } .fine { color: var(--fine); font-size: .9em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
.rows th { width: 11%; } .rows th:first-child { width: auto; }
th:first-child, td:first-child { text-align: left; }
td.figure, td.verdict { white-space: nowrap; }
.met { color: var(--good); } .not-met { color: var(--bad); font-weight: 600; }
.path td { padding: .15rem .6rem; } .path td.where { width: 45%; min-width: 12rem; }
.bar { height: .8rem; background: var(--bar); min-width: 1px; } .bar.wait { background: var(--wait); }
@media print { body { margin: 0; max-width: none; font-size: 11px; } tr { break-inside: avoid; }
  .bar { print-color-adjust: exact; } }
"""
HEADS: Final = ("", "limit", "ours: median", "worst", "ratio", "goal", "")


def page(findings: Findings) -> str:
    """Return the whole page."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><title>Switchboard: benchmarks</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{STYLE}</style></head><body>",
            *_head(findings),
            *_parts(findings.rows),
            *_stories(findings.stories),
            "</body></html>",
            "",
        ]
    )


def _head(findings: Findings) -> Iterator[str]:
    goals = [row.met for row in findings.rows if row.met is not None]
    yield "<h1>Switchboard: benchmarks</h1>"
    if goals:
        yield f"<p>{sum(goals)} of {len(goals)} goals are met.</p>"
    yield f'<p class="fine">{escape(findings.made)}, revision {escape(findings.revision or "unknown")}</p>'
    yield f'<p class="fine">{escape(findings.machine.line)}</p>'
    if not findings.machine.quiet:
        yield '<p class="not-met">The machine was not quiet before the run: its times are of little worth.</p>'
    yield from (f"<p>{escape(note)}</p>" for note in findings.notes)


def _parts(rows: Iterable[Row]) -> Iterator[str]:
    for part, members in groupby(rows, key=lambda row: row.part):
        yield f"<h2>{escape(part)}</h2>"
        yield '<div class="wide"><table class="rows">'
        heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
        yield f"<thead><tr>{heads}</tr></thead><tbody>"
        yield from (_row(row) for row in members)
        yield "</tbody></table></div>"


def _row(row: Row) -> str:
    limit = "" if row.limit_median is None else f"{_figure(row, row.limit_median)}"
    of = f'<div class="fine">{escape(row.limit_name)}</div>' if limit else ""
    note = f'<div class="fine">{escape(row.note)}</div>' if row.note else ""
    cells = (
        f"<td>{escape(row.name)}{note}</td>",
        f'<td class="figure">{limit}{of}</td>',
        f'<td class="figure">{_figure(row, row.median)}</td>',
        f'<td class="figure">{_figure(row, row.worst)}</td>',
        f'<td class="figure">{"" if row.ratio is None else f"{row.ratio:.2f}"}</td>',
        f'<td class="figure">{escape(row.wanted)}</td>',
        f'<td class="verdict {row.verdict.replace(" ", "-")}">{row.verdict}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _figure(row: Row, value: float) -> str:
    return escape(f"{shown(value)} {row.unit}".strip())


def _stories(stories: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not stories:
        return
    yield "<h2>the cloud's latencies, played</h2>"
    yield '<div class="wide"><table><thead><tr><th scope="col"></th><th scope="col">p50</th><th scope="col">p95</th>'
    yield '<th scope="col">runs</th><th scope="col">the three costliest hops, milliseconds of a run</th></tr></thead>'
    yield "<tbody>"
    for story in stories:
        costs = "<br>".join(f"{escape(one['label'])}: {shown(one['ms'])}" for one in story["costliest"])
        yield (
            f'<tr><td>{escape(story["name"])}</td><td class="figure">{shown(story["p50"])} ms</td>'
            f'<td class="figure">{shown(story["p95"])} ms</td><td>{len(story["took"])}</td><td>{costs}</td></tr>'
        )
    yield "</tbody></table></div>"
    for story in stories:
        yield from _path(story)


def _path(story: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of a usual run, each step a bar where it lies in the whole; light is its caller's own time."""
    yield f"<h3>{escape(story['name'])}</h3>"
    yield '<div class="wide"><table class="path"><tbody>'
    whole, at = sum(step["ms"] for step in story["path"]) or 1.0, 0.0
    for step in story["path"]:
        if step["own"] and step["ms"] < SMALL * whole:
            at += step["ms"]
            continue
        left, width = 100 * at / whole, 100 * step["ms"] / whole
        kind = "bar wait" if step["own"] else "bar"
        style = f"margin-left:{left:.2f}%;width:{width:.2f}%"
        yield (
            f'<tr><td>{escape(step["label"])}</td><td class="figure">{step["ms"]:.1f} ms</td>'
            f'<td class="where"><div class="{kind}" style="{style}"></div></td></tr>'
        )
        at += step["ms"]
    yield "</tbody></table></div>"
