"""The hand-written template as Chalice can merge it: JSON, with what is generated put in its place."""

import json
from typing import Any, Final

from infra.edge import function_code
from infra.template import load_yaml

EDGE_CODE: Final = "{{infra.edge}}"
"""Where the template wants the edge function's code."""


def merge_template(text: str) -> str:
    """Return the template's JSON. Chalice writes YAML back with anchors, which CloudFormation refuses; not so JSON."""
    return json.dumps(_filled(load_yaml(text)), indent=1)


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return function_code() if value == EDGE_CODE else value
