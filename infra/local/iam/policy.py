"""What a role's policies allow. Of IAM's language only what the template uses; anything else is refused."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Use:
    """One permission that a request needs: ``action`` as in ``dynamodb:GetItem``, and on what."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()
    """Condition keys, each with its value."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that allows something; ``*`` and ``?`` in actions and resources stand for anything."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Operator, condition key and the values of which one must fit; all conditions must hold."""

    def allows(self, use: Use) -> bool:
        """Whether it allows the use."""
        return (
            any(like(action.lower(), use.action.lower()) for action in self.actions)
            and any(like(resource, use.resource) for resource in self.resources)
            and all(_holds(*condition, dict(use.context)) for condition in self.conditions)
        )


class NotUnderstood(ValueError):
    """A policy says something that this can't judge."""


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """Read a policy document whose expressions are resolved; raises NotUnderstood."""
    return [_statement(one) for one in _listed(document["Statement"])]


def like(pattern: str, text: str) -> bool:
    """Whether the text fits a pattern of ``*`` and ``?``."""
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _statement(one: Mapping[str, Any]) -> Statement:
    unknown = set(one) - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown or one["Effect"] != "Allow":
        raise NotUnderstood(f"only statements that allow actions on resources are understood: {dict(one)}")
    conditions = tuple(
        (operator, name, tuple(str(value) for value in _listed(values)))
        for operator, names in one.get("Condition", {}).items()
        for name, values in names.items()
    )
    for operator, _, _ in conditions:
        if operator not in _OPERATORS:
            raise NotUnderstood(f"the condition operator {operator} is not understood")
    return Statement(tuple(_listed(one["Action"])), tuple(_listed(one["Resource"])), conditions)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _equal(pattern: str, text: str) -> bool:
    return pattern == text


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "StringEquals": _equal,
    "StringLike": like,
    # For ARNs, the one operator is the same as the other.
    "ArnEquals": like,
    "ArnLike": like,
}


def _holds(operator: str, name: str, values: Iterable[str], context: Mapping[str, str]) -> bool:
    # A key that the request doesn't have makes the condition fail.
    given = context.get(name)
    return given is not None and any(_OPERATORS[operator](value, given) for value in values)
