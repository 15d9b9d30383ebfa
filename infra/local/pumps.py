"""The local AWS's event sources: mappings and EventBridge's rules, each run by a pump."""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from infra.local.aws import ACCOUNT, REGION, LocalAws
from infra.local.functions import Function
from infra.local.latencies import NO_LATENCIES, Latencies
from infra.local.mappings import function_of, mapping, matches
from infra.local.queues import QueuePump
from infra.local.shard import LocalShard
from infra.local.streams import StreamPump

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
        """Hand ``one`` to the functions of all matching rules; a failure is logged."""
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


PLACE = (ACCOUNT, REGION)


class UnknownFunction(RuntimeError):
    """The template names a function that the app doesn't have."""


class Pumps:
    """Made before the first write that matters, so that streams are read from their beginning."""

    def __init__(
        self,
        aws: LocalAws,
        shards: list[LocalShard],
        functions: Mapping[str, Function],
        complain: Callable[[str], None],
        latencies: Latencies = NO_LATENCIES,
    ) -> None:
        self._jobs: list[Callable[[], Coroutine[None, None, None]]] = []
        sources = {shard.arn: shard for shard in shards}
        for name, properties in aws.template.of_type("AWS::Lambda::EventSourceMapping").items():
            policy = mapping(name, aws.resolve(properties))
            function = _known(policy.function, functions, name)
            if policy.source in sources:
                self._jobs.append(StreamPump(policy, sources[policy.source], function, complain, latencies).run)
            else:
                self._jobs.append(QueuePump(policy, aws.client("sqs"), function, latencies).run)
        self.bus = EventBus(_rules(aws, functions), functions)

    async def run(self) -> None:
        """Pump until cancelled."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(job())
            group.create_task(self.bus.run(PLACE))


def _rules(aws: LocalAws, functions: Mapping[str, Function]) -> tuple[Rule, ...]:
    found = aws.template.of_type("AWS::Events::Rule").items()
    rules = tuple(rule(name, aws.resolve(properties)) for name, properties in found)
    for one in rules:
        for function in one.functions:
            _known(function, functions, one.name)
    return rules


def _known(function: str, functions: Mapping[str, Function], by: str) -> Function:
    if function not in functions:
        raise UnknownFunction(f"{by} in infra/template.yaml wants the function {function}, which app.py doesn't make.")
    return functions[function]
