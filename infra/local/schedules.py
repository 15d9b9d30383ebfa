"""EventBridge's rules from the template: those with a rate run by the clock, those with a pattern by events."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from infra.local.functions import Function
from infra.local.mappings import function_of
from infra.local.patterns import matches

UNITS: Final = {"minute": 60, "hour": 3600, "day": 86400}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``every_s`` is None for a rule that waits for events of ``pattern``."""

    name: str
    functions: tuple[str, ...]
    every_s: int | None
    pattern: dict[str, Any] | None

    def wants(self, event: dict[str, Any]) -> bool:
        """Return whether the rule's pattern lets the event through."""
        return self.pattern is not None and matches(self.pattern, event)


def rule(name: str, properties: dict[str, Any]) -> Rule:
    """Read the resolved properties of an ``AWS::Events::Rule``."""
    functions = tuple(function_of(target["Arn"]) for target in properties.get("Targets", []))
    schedule = properties.get("ScheduleExpression")
    return Rule(name, functions, rate_s(schedule) if schedule else None, properties.get("EventPattern"))


def rate_s(expression: str) -> int:
    """Return the seconds between two runs of ``rate(1 minute)`` and its like."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if not found:
        raise ValueError(f"The local stack plays rate(...) schedules only, not {expression}.")
    return int(found[1]) * UNITS[found[2]]


def event(
    kind: str, source: str, detail: dict[str, Any], resources: list[str], place: tuple[str, str]
) -> dict[str, Any]:
    """Return an event in EventBridge's envelope; ``place`` is account and region."""
    account, region = place
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


class EventBus:
    """Hands events to the functions of the rules that want them; EventBridge, too, doesn't keep their order."""

    def __init__(self, rules: tuple[Rule, ...], functions: Mapping[str, Function]) -> None:
        self._rules = rules
        self._functions = functions

    async def put(self, one: dict[str, Any]) -> None:
        """Give ``one`` to whoever wants it; a function that fails is in the log."""
        for wanting in self._rules:
            if wanting.wants(one):
                await self._call(wanting, one)

    async def run(self, place: tuple[str, str]) -> None:
        """Keep the schedules until cancelled."""
        async with asyncio.TaskGroup() as group:
            for timed in self._rules:
                if timed.every_s is not None:
                    group.create_task(self._keep(timed, timed.every_s, place))

    async def _keep(self, timed: Rule, every_s: float, place: tuple[str, str]) -> None:
        """Run it at once, so that nobody waits a minute for what it keeps going, then by the clock."""
        while True:
            await self._call(timed, event("Scheduled Event", "aws.events", {}, [timed.name], place))
            await asyncio.sleep(every_s)

    async def _call(self, called: Rule, one: dict[str, Any]) -> None:
        for name in called.functions:
            try:
                await self._functions[name](one)
            except Exception:
                log.exception("%s failed", name)
