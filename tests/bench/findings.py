"""Made figures, for tests of what is shown of them."""

from typing import Any

from infra.bench.figures import Findings, Goal, GoalKind, Machine, Row

MACHINE = Machine("EPYC <9> & more", 2, 16_000, "6.1", "3.11.7", 0.1)


def a_row(name: str = "a send", ours: tuple[float, ...] = (30.0, 10.0, 20.0), **more: Any) -> Row:
    """A row in milliseconds, of which only what matters is given."""
    return Row(**{"part": "messages", "name": name, "unit": "ms", "ours": ours} | more)


def near(limit: float, most: float) -> dict[str, Any]:
    """A limit of one figure, and the goal of being over it by ``most`` at most."""
    return {"limit": (limit,), "limit_name": "raw client", "goal": Goal(GoalKind.OVER_LIMIT, most)}


def findings(*rows: Row, **more: Any) -> Findings:
    given: dict[str, Any] = {
        "made": "2026-11-28T12:00:00+00:00",
        "revision": "abc1234+",
        "machine": MACHINE,
        "rows": rows,
    }
    return Findings(**given | more)
