"""All that moves by itself in the local AWS: the template's mappings and rules, each played by its pump."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping

from infra.local.aws import ACCOUNT, REGION, LocalAws
from infra.local.functions import Function
from infra.local.mappings import mapping
from infra.local.queues import QueuePump
from infra.local.schedules import EventBus, Rule, rule
from infra.local.shard import LocalShard
from infra.local.streams import StreamPump

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
    ) -> None:
        self._jobs: list[Callable[[], Coroutine[None, None, None]]] = []
        sources = {shard.arn: shard for shard in shards}
        for name, properties in aws.template.of_type("AWS::Lambda::EventSourceMapping").items():
            policy = mapping(name, aws.resolve(properties))
            function = _known(policy.function, functions, name)
            if policy.source in sources:
                self._jobs.append(StreamPump(policy, sources[policy.source], function, complain).run)
            else:
                self._jobs.append(QueuePump(policy, aws.client("sqs"), function).run)
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
