"""The critical path of a story: the hops that its end waited for, found backwards from there.

Known are all hops that were waited for: the recorded calls of AWS, and the latencies that were played between its
services. From the end on, what came before a hop is what its own caller did last; but

- what a function is called for came from another caller: the write that a stream tells of, the message of a queue, the
  end of a task. A stream's batch holds all that was written until it was handed over, and what was waited for is last;
- a worker's long poll ends with a message that somebody sent;
- a read waits for the write of the same item, if that is what was done last: so ends the waiting of a call.

The time between two hops is the caller's own: its code, this machine, or WhatsApp. Nobody waits for a message's being
deleted from a queue.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

STREAM: Final = "stream to lambda"
QUEUE: Final = "sqs to lambda"
TASK: Final = "ecs task event"
CALLED_BY: Final = (STREAM, QUEUE, TASK, "api gateway")
_TOLD: Final = ("SESSION", "M#{ulid}")
"""The kinds of items whose changes somebody is told of."""
SLACK: Final = 0.006
"""Seconds: an effect may be seen a little before the call that had it has returned."""
_READS: Final = ("dynamodb.GetItem", "dynamodb.Query", "dynamodb.BatchGetItem")
_PLACES: Final = frozenset(("WAIT#", "STANDBY", "POOL"))
OWN: Final = "own time"
NOTHING: Final = 1e-3
"""Milliseconds that are none: what floating point leaves."""


@dataclass(frozen=True, slots=True)
class Hop:
    """Something that was waited for; ``began`` and ``ended`` in seconds since the Unix epoch.

    ``whose`` is who waited, by logical id; ``name`` what for. ``keys`` are the items that a call is about.
    """

    name: str
    whose: str
    began: float
    ended: float
    about: str = ""
    keys: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether it changes the table."""
        return self.name.startswith("dynamodb.") and self.name not in _READS

    @property
    def deletes(self) -> bool:
        """Whether it takes a message off a queue for good."""
        return self.name.startswith("sqs.DeleteMessage")

    @property
    def sends(self) -> bool:
        """Whether it puts a message into a queue."""
        return self.name.startswith("sqs.SendMessage")


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path, in milliseconds: a hop, or its ``whose`` own time before it."""

    name: str
    whose: str
    took: float
    about: str = ""

    @property
    def label(self) -> str:
        """What it is, in words."""
        return " ".join(filter(None, (self.whose, self.name, self.about)))


def hops_of(calls: Iterable[Mapping[str, Any]], played: Iterable[Mapping[str, Any]]) -> list[Hop]:
    """Return the hops of the recorded calls and of the delays that are no call's own, by when they ended.

    Left out is what goes on whatever happens: signs of life, empty polls, places of waiting calls, the pool's looks.
    """
    found = [
        Hop(
            one["call"],
            one["caller"],
            one["began"],
            one["began"] + one["took"] / 1000,
            one["about"],
            tuple(one["keys"]),
        )
        for one in calls
        if not _regular(one)
    ]
    between = (*CALLED_BY, "lambda invoke", "lambda cold start", "ecs task start")
    found += [
        Hop(one["name"], one["whose"], one["began"], one["began"] + one["took"] / 1000)
        for one in played
        if one["name"] in between
    ]
    # The edge knows no function: what follows it is the REST API's.
    found += [
        Hop(one["name"], "APIHandler", one["began"], one["began"] + one["took"] / 1000)
        for one in played
        if one["name"] == "cloudfront" and one["whose"] == "rest"
    ]
    return sorted(found, key=lambda hop: hop.ended)


def _regular(call: Mapping[str, Any]) -> bool:
    sign_of_life = call["about"].startswith(("LEASE", "STANDBY")) and "#until = :until" in call["changes"]
    empty = call["call"] == "sqs.ReceiveMessage" and not call["found"]
    return sign_of_life or empty or call["about"].startswith(tuple(_PLACES))


def critical_path(hops: Sequence[Hop], began: float, ended: float, last: str) -> list[PathStep]:
    """Return the steps from ``began`` to ``ended``; the last hop is of the caller, or has the name, ``last``."""
    steps: list[PathStep] = []
    at, hop = ended, _latest(hops, ended + SLACK, lambda one: last in {one.whose, one.name})
    waiting = hop.whose if hop is not None else ""
    while hop is not None and hop.ended > began:
        steps.append(PathStep(OWN, waiting, _ms(hop.ended, at)))
        # Only what ended earlier: with the slack, two short hops could each lie before the other.
        before = _before([one for one in hops if one.ended < hop.ended], hop)
        # A long poll is waited for only from when its message was sent, a read from when there was something to read.
        start = max(hop.began, began, before.ended if before is not None else began)
        steps.append(PathStep(hop.name, hop.whose, _ms(start, min(hop.ended, at)), hop.about))
        waiting = hop.whose
        at, hop = start, before
    steps.append(PathStep("the beginning", "", _ms(began, at)))
    return [step for step in reversed(steps) if step.took > NOTHING]


def _ms(early: float, late: float) -> float:
    return max(0.0, late - early) * 1000


def _polls(hop: Hop) -> bool:
    return hop.name == "sqs.ReceiveMessage"


def _before(hops: Sequence[Hop], hop: Hop) -> Hop | None:
    """Return what a hop waited for."""
    at = hop.began + SLACK
    if hop.name == STREAM:
        return _latest(hops, hop.ended, lambda one: one.writes and one.whose != hop.whose and one.about in _TOLD)
    if hop.name.startswith("lambda "):
        return _latest(hops, at, lambda one: one.name in CALLED_BY and (one.name == TASK or one.whose == hop.whose))
    if hop.name == QUEUE:
        return _latest(hops, at, lambda one: one.sends and one.about != "mailbox")
    if _polls(hop):
        return _latest(hops, hop.ended, lambda one: one.sends and one.about == hop.about)
    own = _latest(hops, at, lambda one: one.whose == hop.whose and one.began < hop.began and not one.deletes)
    if hop.name not in _READS:
        return own
    foreign = _latest(
        hops, hop.ended, lambda one: one.writes and one.whose != hop.whose and not set(one.keys).isdisjoint(hop.keys)
    )
    return max((one for one in (own, foreign) if one is not None), key=lambda one: one.ended, default=None)


def _latest(hops: Sequence[Hop], at: float, wanted: Any) -> Hop | None:
    """Return the last hop that ended by then; what began before another one ended isn't behind itself."""
    return next((one for one in reversed(hops) if one.ended <= at and wanted(one)), None)


@dataclass(frozen=True, slots=True)
class StoryFindings:
    """A story's runs: milliseconds of each, and the path of each."""

    name: str
    took: tuple[float, ...]
    paths: tuple[tuple[PathStep, ...], ...]

    @property
    def p50(self) -> float:
        """The median of the runs."""
        return statistics.median(self.took)

    @property
    def p95(self) -> float:
        """The time within which 95 of 100 runs are, of a few runs nearly the worst."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]

    @property
    def usual(self) -> tuple[PathStep, ...]:
        """The path of the run whose time is nearest to the median."""
        return min(zip(self.took, self.paths, strict=True), key=lambda one: abs(one[0] - self.p50))[1]

    @property
    def costliest(self) -> list[tuple[str, float]]:
        """The three steps that take most on average over all runs, with their milliseconds a run; own time apart."""
        sums: defaultdict[str, float] = defaultdict(float)
        for path in self.paths:
            for step in path:
                if step.name != OWN and step.whose:
                    sums[step.label] += step.took / len(self.paths)
        return sorted(sums.items(), key=lambda one: -one[1])[:3]

    @property
    def data(self) -> dict[str, Any]:
        """The story as JSON."""
        steps = [{"label": one.label, "ms": one.took, "own": one.name == OWN} for one in self.usual]
        costliest = [{"label": label, "ms": took} for label, took in self.costliest]
        return {
            "name": self.name,
            "took": self.took,
            "p50": self.p50,
            "p95": self.p95,
            "path": steps,
            "costliest": costliest,
        }

    @property
    def lines(self) -> Iterator[str]:
        """The story as lines of the terminal, each step a bar where it lies in the whole."""
        yield f"{self.name}: p50 {self.p50:,.0f} ms, p95 {self.p95:,.0f} ms, {len(self.took)} runs; the usual path:"
        whole, at = sum(step.took for step in self.usual) or 1.0, 0.0
        for step in self.usual:
            if step.name == OWN and step.took < SMALL * whole:
                at += step.took
                continue
            start, size = round(WIDTH * at / whole), round(WIDTH * step.took / whole)
            bar = (("·" if step.name == OWN else "█") * size or "▏").rjust(start + size)
            yield f"  {step.label[:58]:58} {step.took:8.1f} ms |{bar:{WIDTH}}|"
            at += step.took
        costs = "; ".join(f"{label} {took:,.0f} ms" for label, took in self.costliest)
        yield f"  costliest hops: {costs}"


SMALL: Final = 0.01
"""The share of a path below which a caller's own time isn't shown: nearly all of it lies between two calls."""
WIDTH: Final = 50
"""Columns of a path's bars."""
