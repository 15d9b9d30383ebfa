"""Lambda's concurrency in an account: what a stack reserves of it, and how many callers may wait in the rest."""

from collections.abc import Mapping
from typing import Final

from infra.template import TEMPLATE, load_template

PARAMETER: Final = "ReservedConcurrency"
POLLS: Final = "PollConcurrency"
FUNCTIONS: Final = 2
"""How many functions reserve ``ReservedConcurrency`` of their own."""
LEAST: Final = 100
"""What Lambda keeps free of reservations, of an account that has as much."""
SHARE: Final = 3
"""One function in so many of those that nothing is reserved for may be held by a caller who waits."""
MOST_WAITING: Final = 1000


def reserved(parameters: Mapping[str, str]) -> int:
    """Return what a stack with these parameters reserves."""
    each = int(parameters.get(PARAMETER, "0"))
    return FUNCTIONS * each + int(parameters.get(POLLS, "0")) if each else 0


def waiting_share(free: int) -> int:
    """Return how many calls may wait at a time where so many functions may run beside what is reserved."""
    return min(MOST_WAITING, max(1, free // SHARE))


def affordable(concurrency: int) -> dict[str, str]:
    """Return the parameters of a stack alone in an account where so many functions may run at a time.

    It reserves what is usual, or nothing where Lambda would refuse that, as ``make deploy`` asks for.
    """
    declared = load_template(TEMPLATE).document["Parameters"]
    usual = {name: str(declared[name]["Default"]) for name in (PARAMETER, POLLS)}
    given = usual if concurrency - reserved(usual) >= min(LEAST, concurrency) else usual | {PARAMETER: "0"}
    return given | {"WaitingShare": str(waiting_share(concurrency - reserved(given)))}
