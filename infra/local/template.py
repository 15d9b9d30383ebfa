"""infra/template.yaml as the local stack uses it: what moto creates, and what the pumps play themselves.

Lambda functions and APIs are made by Chalice, so a resource that refers to one can't exist here. Those are left out of
moto's copy (with everything that refers to them) and read by the pumps instead. So is, unless something that is kept
refers to it, what only watches over, guards or fronts the others: nothing that runs speaks to it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.local.cfn_yaml import load_yaml
from infra.local.conditions import decided

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
        case "Fn::Sub" if isinstance(value, str):
            pieces = value.split("${")[1:]
            yield from (piece.partition("}")[0].partition(".")[0] for piece in pieces)
        case _:
            yield from references(value)
