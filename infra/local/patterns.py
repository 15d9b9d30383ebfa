"""EventBridge's event patterns, which also filter event source mappings: exact values, prefix, exists, anything-but."""

from typing import Any, Final

_MISSING: Final = object()


class UnknownPattern(ValueError):
    """A pattern uses a comparison that the local stack doesn't play."""


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Return whether ``event`` (JSON) has all that ``pattern`` asks for; a pattern's list means any of."""
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
