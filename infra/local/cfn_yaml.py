"""CloudFormation's YAML: ``!Ref``, ``!GetAtt`` and the other short tags become the long form that its JSON has."""

from typing import Any

import yaml

# The parser in C, which reads the template six times as fast; PyYAML's wheels have it.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):  # type: ignore[misc]
    """Knows the short tags."""


def load_yaml(text: str) -> dict[str, Any]:
    """Return the document; expressions are as in JSON."""
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader
    return document


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
