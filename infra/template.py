"""infra/template.yaml as it is read: CloudFormation's short tags, conditions decided, and what moto creates of it.

CloudFormation decides conditions before it creates anything; moto decides some, and leaves holes in lists.

Chalice makes the Lambda functions and the APIs, so a resource that refers to one can't exist in moto. Such resources,
and all that refer to them, are left out of moto's copy, and the pumps of the local stack read them instead. So is what
only watches over, guards or fronts other resources, unless a resource that is kept refers to it: nothing that runs
speaks to it.
"""

import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from itertools import islice
from pathlib import Path
from typing import Any, Final

import yaml

from infra import REPOSITORY

TEMPLATE: Final = REPOSITORY / "infra" / "template.yaml"
"""The one hand-written template, which deploy, package and the local stack read."""
# The parser in C, which reads the template six times as fast; PyYAML's wheels have it.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):  # type: ignore[misc]
    """Knows the short tags."""


def load_yaml(text: str) -> dict[str, Any]:
    """Return the document, the caller's own; expressions are as in JSON."""
    document: dict[str, Any] = pickle.loads(_pickled(text))  # noqa: S301 - this module wrote it
    return document


@lru_cache(maxsize=4)
def _pickled(text: str) -> bytes:
    """Parse once what is read again and again: a copy takes a twentieth of the time."""
    return pickle.dumps(yaml.load(text, _Loader))  # noqa: S506 - it is a safe loader


def _expression(loader: Any, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    match tag:
        case "Ref" | "Condition":
            return {tag: value}
        case "GetAtt":
            return {"Fn::GetAtt": value.split(".", 1) if isinstance(value, str) else value}
        case _:
            return {f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _expression)


NOTHING: Final = {"Ref": "AWS::NoValue"}


def decided(document: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the template without conditions, and without what they leave out; ``parameters`` win over defaults.

    Ranges of addresses are divided as well, which moto can't.
    """
    given = {name: one.get("Default") for name, one in document.get("Parameters", {}).items()} | dict(parameters)
    conditions = document.get("Conditions", {})
    holds = {name: _holds(condition, conditions, given) for name, condition in conditions.items()}
    kept = {part: value for part, value in document.items() if part not in {"Conditions", "Rules"}}
    for part in ("Resources", "Outputs"):
        kept[part] = _standing(document.get(part, {}), holds)
    return dict(_divided(_chosen(kept, holds), given))


def _standing(entries: Mapping[str, Any], holds: Mapping[str, bool]) -> dict[str, Any]:
    """Return the entries that stand, which wait for none that doesn't, as CloudFormation has it."""
    standing = {name: one for name, one in entries.items() if "Condition" not in one or holds[one["Condition"]]}
    return {
        name: {key: _awaited(value, standing) if key == "DependsOn" else value for key, value in one.items()}
        for name, one in ((name, _unconditional(one)) for name, one in standing.items())
    }


def _unconditional(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != "Condition"}


def _awaited(names: Any, standing: Mapping[str, Any]) -> list[str]:
    return [name for name in ([names] if isinstance(names, str) else names) if name in standing]


def _divided(value: Any, given: Mapping[str, Any]) -> Any:
    """Return ``value`` with each ``Fn::Cidr`` replaced by the subnets that it yields."""
    if isinstance(value, list):
        return [_divided(one, given) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::Cidr"}:
        whole, count, bits = (given[one["Ref"]] if isinstance(one, dict) else one for one in value["Fn::Cidr"])
        subnets = ip_network(str(whole)).subnets(new_prefix=32 - int(bits))
        return [str(one) for one in islice(subnets, int(count))]
    return {name: _divided(one, given) for name, one in value.items()}


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


PLAYED: Final = ("AWS::Lambda::", "AWS::Events::Rule", "AWS::Serverless::", "AWS::ApiGateway")
"""Types that the local stack plays itself: pumps, schedules and front."""
AROUND: Final = (
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::S3::BucketPolicy",
    "AWS::Logs::",
    "AWS::CloudWatch::",
    "AWS::SNS::",
    "AWS::CloudFront::",
    "AWS::WAFv2::",
    "AWS::Route53::",
)
"""Types that guard the others, watch over them, or stand in front of them."""
READ: Final = (*PLAYED, "AWS::IAM::Role")
"""Types whose properties the local stack reads, so that the expressions in them must be resolved."""


@dataclass(frozen=True, slots=True)
class Template:
    """The parsed template: CloudFormation's own JSON, with short tags like ``!Ref`` in their long form."""

    document: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Every resource by logical id."""
        return dict(self.document["Resources"])

    @property
    def variables(self) -> dict[str, Any]:
        """The functions' environment, as expressions."""
        return dict(self.document["Globals"]["Function"]["Environment"]["Variables"])

    def decided(self, parameters: Mapping[str, str]) -> "Template":
        """Return the template as these parameters make it: without conditions."""
        return Template(decided(self.document, parameters))

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of the resources of one type, by logical id."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    def local_resources(self) -> dict[str, dict[str, Any]]:
        """The resources that stand without any function or API, and that something which runs may speak to."""
        able = {name: one for name, one in self.resources.items() if not one["Type"].startswith(PLAYED)}
        while missing := [name for name, one in able.items() if self._dangling(one, able)]:
            for name in missing:
                del able[name]
        kept = {name for name, one in able.items() if not one["Type"].startswith(AROUND)}
        while needed := {name for one in kept for name in references(able[one]) if name in able} - kept:
            kept |= needed
        return {name: one for name, one in able.items() if name in kept}

    def for_moto(self) -> tuple[str, dict[str, str]]:
        """Return the template to create in moto, and which output holds the value of which expression (see ``key``)."""
        kept = self.local_resources()
        read = [one for one in self.resources.values() if one["Type"].startswith(READ)]
        keys = {key(one): one for one in expressions([self.variables, read]) if not self._dangling(one, kept)}
        names = {one: f"Expression{number}" for number, one in enumerate(keys)}
        outputs = {names[one]: {"Value": expression} for one, expression in keys.items()}
        parameters = self.document.get("Parameters", {})
        return json.dumps({"Parameters": parameters, "Resources": kept, "Outputs": outputs}), names

    def _dangling(self, value: object, kept: dict[str, Any]) -> bool:
        known = {*kept, *self.document.get("Parameters", {})}
        return any(name not in known and not name.startswith("AWS::") for name in references(value))


def load_template(path: Path) -> Template:
    """Read the template."""
    return Template(load_yaml(path.read_text()))


def is_expression(value: object) -> bool:
    """Return whether ``value`` is one of CloudFormation's functions, to be replaced by what it yields."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def key(expression: object) -> str:
    """Return a text that equal expressions share."""
    return json.dumps(expression, sort_keys=True)


def expressions(value: object) -> Iterator[dict[str, Any]]:
    """Yield the outermost expressions in ``value``."""
    if isinstance(value, dict) and is_expression(value):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from expressions(one)


def references(value: object) -> Iterator[str]:
    """Yield each logical id (or pseudo parameter) that an expression mentions."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _mentioned(key, one)


def _mentioned(key: str, value: Any) -> Iterator[str]:
    match key:
        case "Ref":
            yield value
        case "Fn::GetAtt":
            yield value[0]
        case "Fn::Sub":
            text, named = (value, {}) if isinstance(value, str) else value
            names = (piece.partition("}")[0].partition(".")[0] for piece in text.split("${")[1:])
            yield from (name for name in names if name not in named)
            yield from references(named)
        case _:
            yield from references(value)
