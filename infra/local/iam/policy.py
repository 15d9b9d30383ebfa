"""What a role's policies allow, and who has which role. Of IAM's language only what the template uses is understood."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.iam.callers import WORKER


@dataclass(frozen=True, slots=True)
class ApiUse:
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

    def allows(self, use: ApiUse) -> bool:
        """Whether it allows the use."""
        return (
            any(like(action.lower(), use.action.lower()) for action in self.actions)
            and any(like(resource, use.resource) for resource in self.resources)
            and all(_holds(*condition, dict(use.context)) for condition in self.conditions)
        )


class NotUnderstood(ValueError):
    """A policy uses a part of IAM's language that isn't understood here."""


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


Resources = Mapping[str, Mapping[str, Any]]
_NAME: Final = re.compile(r"\$\{([^}]+)\}")


def roles_of(resources: Resources) -> dict[str, str]:
    """Return the logical id of the role of each caller that has one."""
    roles = {}
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        given = properties.get("TaskRoleArn") if name == WORKER else properties.get("Role")
        if isinstance(given, dict) and "Fn::GetAtt" in given:
            roles[name] = given["Fn::GetAtt"][0]
    return roles


def statements_of(role: str, resources: Resources) -> tuple[Statement, ...]:
    """Return what a role allows; ``resources`` have their expressions resolved.

    Raises KeyError for a policy that isn't written into the role: AWS's own are wider than anybody needs.
    """
    properties = resources[role]["Properties"]
    if properties.get("ManagedPolicyArns"):
        raise KeyError(f"{role} has policies that are not in the template")
    return tuple(one for policy in properties["Policies"] for one in statements(policy["PolicyDocument"]))


def without_names(value: Any, names: Mapping[str, str]) -> Any:
    """Return ``value`` with what is left of expressions after resolving replaced from ``names``, else by the name.

    Roles speak of what exists only beside the local stack: the APIs and the log groups.
    """
    if isinstance(value, list):
        return [without_names(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    match next(iter(value.items()), None):
        case ("Fn::Sub", str(text)) if len(value) == 1:
            return _NAME.sub(lambda found: names.get(found[1], found[1]), text)
        case ("Ref", str(name)) if len(value) == 1:
            return names.get(name, name)
        case ("Fn::GetAtt", [str(name), str(attribute)]) if len(value) == 1:
            return names.get(f"{name}.{attribute}", f"{name}.{attribute}")
        case _:
            return {name: without_names(one, names) for name, one in value.items()}
