"""An example of each answer, made by the dialect's own function from the samples, and of each request's body.

A family's examples are in the module ``examples`` beside its routes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from chalicelib.api.bodies import SendBody
from chalicelib.api.description.samples import NOW
from chalicelib.api.health import HealthJson
from chalicelib.dialects import DIALECTS
from chalicelib.dialects.shared import iso


@dataclass(frozen=True, slots=True)
class _Examples:
    answers: Mapping[Any, Any]
    bodies: Mapping[type[msgspec.Struct], msgspec.Struct]


def answer(kind: Any) -> Any:
    """Return an example of an answer of that type, None if there is none."""
    return next((one.answers[kind] for one in _all() if kind in one.answers), None)


def body(model: type[msgspec.Struct]) -> Mapping[str, Any] | None:
    """Return an example of a request's body, None if there is none."""
    found = next((one.bodies[model] for one in _all() if model in one.bodies), None)
    if found is None:
        return None
    told: dict[str, Any] = msgspec.to_builtins(found)
    return {name: value for name, value in told.items() if value is not None}


def _all() -> list[_Examples]:
    """Return the examples of no family alone, and those of each."""
    return [_shared(), *(_of(dialect.name) for dialect in DIALECTS.values() if dialect.prefixes)]


@cache
def _shared() -> _Examples:
    answers = {HealthJson: HealthJson(status="ok", service="switchboard", timestamp=iso(NOW), uptime=90)}
    return _Examples(answers, {SendBody: SendBody("+628987654321", "Your order is on its way.")})


@cache
def _of(family: str) -> _Examples:
    module = import_module(f"chalicelib.api.{family}.examples")
    return _Examples(module.ANSWERS, {type(example): example for example in module.BODIES})
