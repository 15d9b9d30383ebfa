"""Event source mappings as the template declares them, with their filter patterns."""

import json
from dataclasses import dataclass
from typing import Any, Final

_MISSING: Final = object()


class UnknownPattern(ValueError):
    """A pattern uses a comparison that the local stack doesn't know."""


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether ``event`` (JSON) fits ``pattern``: all of its fields, and any value of each field's list."""
    return all(_matches_field(wanted, _field(event, name)) for name, wanted in pattern.items())


def _field(event: Any, name: str) -> Any:
    return event.get(name, _MISSING) if isinstance(event, dict) else _MISSING


def _matches_field(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return matches(wanted, found)
    values = found if isinstance(found, list) and found else [found]
    return any(_matches_value(choice, value) for choice in wanted for value in values)


def _matches_value(choice: Any, value: Any) -> bool:
    if not isinstance(choice, dict):
        return value is not _MISSING and type(choice) is type(value) and bool(choice == value)
    ((comparison, operand),) = choice.items()
    match comparison:
        case "exists":
            # Only leaves exist: EventBridge doesn't look for objects.
            return (value is not _MISSING and not isinstance(value, dict)) is operand
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "suffix":
            return isinstance(value, str) and value.endswith(operand)
        case "anything-but":
            return value is not _MISSING and not _excluded(operand, value)
        case _:
            raise UnknownPattern(f"The local stack doesn't play the comparison {comparison!r} of event patterns.")


def _excluded(operand: Any, value: Any) -> bool:
    choices = operand if isinstance(operand, list) else [operand]
    return any(_matches_value(choice, value) for choice in choices)


MOST_BATCHES: Final = 1000
"""Batches of a queue that Lambda hands out at a time where the mapping sets no bound."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One event source mapping. ``max_age_s`` and ``retries`` of None mean without end.

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
