"""The template's roles by who has them: functions by the role that the template gives them, workers by their task's."""

import re
from collections.abc import Mapping
from typing import Any, Final

from infra.local.iam.callers import WORKER
from infra.local.iam.policy import Statement, statements

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
