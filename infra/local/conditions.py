"""The template under given parameters: each condition decided, so that only what will be is left.

CloudFormation does this before it creates anything. moto does some of it, and leaves holes in lists.
"""

from collections.abc import Mapping
from typing import Any, Final

NOTHING: Final = {"Ref": "AWS::NoValue"}


def decided(document: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the template without conditions, and without what they leave out; ``parameters`` win over defaults."""
    given = {name: one.get("Default") for name, one in document.get("Parameters", {}).items()} | dict(parameters)
    conditions = document.get("Conditions", {})
    holds = {name: _holds(condition, conditions, given) for name, condition in conditions.items()}
    kept = {part: value for part, value in document.items() if part not in {"Conditions", "Rules"}}
    for part in ("Resources", "Outputs"):
        kept[part] = _standing(document.get(part, {}), holds)
    return dict(_chosen(kept, holds))


def _standing(entries: Mapping[str, Any], holds: Mapping[str, bool]) -> dict[str, Any]:
    return {
        name: {key: value for key, value in one.items() if key != "Condition"}
        for name, one in entries.items()
        if "Condition" not in one or holds[one["Condition"]]
    }


def _holds(condition: Mapping[str, Any], conditions: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    ((kind, value),) = condition.items()
    match kind:
        case "Fn::Equals":
            one, other = (str(given[side["Ref"]] if isinstance(side, dict) else side) for side in value)
            return one == other
        case "Fn::Not":
            return not _holds(value[0], conditions, given)
        case "Fn::And":
            return all(_holds(one, conditions, given) for one in value)
        case "Fn::Or":
            return any(_holds(one, conditions, given) for one in value)
        case "Condition":
            return _holds(conditions[value], conditions, given)
        case _:
            raise ValueError(f"{kind} is no condition that this understands.")


def _chosen(value: Any, holds: Mapping[str, bool]) -> Any:
    """Return ``value`` with each ``Fn::If`` replaced by what it comes to, and what comes to nothing removed."""
    if isinstance(value, list):
        return [one for one in (_chosen(one, holds) for one in value) if one != NOTHING]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        return _chosen(yes if holds[condition] else no, holds)
    chosen = {name: _chosen(one, holds) for name, one in value.items()}
    return {name: one for name, one in chosen.items() if one != NOTHING}
