"""Event source mappings as the template declares them."""

import json
from dataclasses import dataclass
from typing import Any, Final

from infra.local.patterns import matches

MOST_BATCHES: Final = 1000
"""Batches of a queue that Lambda hands out at a time where the mapping sets no bound."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which function gets what from which source. ``max_age_s`` and ``retries`` of None mean without end.

    ``concurrency`` bounds how many batches of a queue are worked on at a time; a stream's shard has ``parallel`` ones.
    """

    name: str
    function: str
    source: str
    batch_size: int
    patterns: tuple[dict[str, Any], ...]
    partial: bool
    bisect: bool
    retries: int | None
    max_age_s: int | None
    parallel: int
    concurrency: int

    def wants(self, event: dict[str, Any]) -> bool:
        """Return whether one of the filters lets the record through; without filters all pass."""
        return not self.patterns or any(matches(pattern, event) for pattern in self.patterns)


def mapping(name: str, properties: dict[str, Any]) -> Mapping:
    """Read the resolved properties of an ``AWS::Lambda::EventSourceMapping``."""
    filters = properties.get("FilterCriteria", {}).get("Filters", [])
    return Mapping(
        name=name,
        function=function_of(properties["FunctionName"]),
        source=properties["EventSourceArn"],
        batch_size=int(properties.get("BatchSize", 100)),
        patterns=tuple(json.loads(one["Pattern"]) for one in filters),
        partial="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
        bisect=bool(properties.get("BisectBatchOnFunctionError", False)),
        retries=_bound(properties.get("MaximumRetryAttempts", -1)),
        max_age_s=_bound(properties.get("MaximumRecordAgeInSeconds", -1)),
        parallel=int(properties.get("ParallelizationFactor", 1)),
        concurrency=int(properties.get("ScalingConfig", {}).get("MaximumConcurrency", MOST_BATCHES)),
    )


def function_of(expression: dict[str, Any]) -> str:
    """Return the logical id in a reference to a function: ``!Ref Control`` or ``!GetAtt Control.Arn``."""
    ((kind, value),) = expression.items()
    return str(value if kind == "Ref" else value[0])


def _bound(number: int) -> int | None:
    return None if number < 0 else int(number)
