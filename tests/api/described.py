"""Answers held against the API's description: the status must be there, the body fit its schema, with no field besides."""

import re
from functools import cache
from typing import Any
from urllib.parse import unquote

import jsonschema

from chalicelib.api.description.document import document

ELSEWHERE = {405}
"""Answered before a route is found, or beside it: the description says so in words."""


@cache
def described() -> dict[str, Any]:
    """The description, with its schemas closed."""
    from app import ROUTERS

    told: dict[str, Any] = closed(document(ROUTERS))
    return told


def closed(value: Any) -> Any:
    """The same with no room for fields that aren't named."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {name: closed(one) for name, one in value.items()}
    return told | {"additionalProperties": False} if isinstance(told.get("properties"), dict) else told


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Paths without variables first: they win where both fit."""
    ways = sorted(described()["paths"].items(), key=lambda way: way[0].count("{"))
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))), methods)
        for path, methods in ways
    ]


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request is for, None if there is none."""
    bare = path.partition("?")[0]
    for pattern, methods in _paths():
        if pattern.fullmatch(bare) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    return None


def conforms(method: str, path: str, status: int, content_type: str, body: Any) -> None:
    """Fail unless the description allows the answer; ``body`` is called for the JSON if it should be that."""
    told = operation(method, path)
    if told is None or status in ELSEWHERE:
        return
    where = f"{method} {unquote(path)} answered {status}"
    assert str(status) in told["responses"], f"{where}, which isn't described"
    content = told["responses"][str(status)].get("content", {})
    kind = content_type.partition(";")[0]
    if not content:
        return
    assert kind in content, f"{where} with {kind}, which isn't described"
    if kind == "application/json":
        fits(body(), content[kind]["schema"], where)


def fits(value: Any, schema: dict[str, Any], where: str) -> None:
    """Fail unless the value fits the schema."""
    validator = jsonschema.Draft202012Validator({**schema, "components": described()["components"]})
    problem = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if problem is not None:
        raise AssertionError(f"{where}: {problem.message} at {problem.json_path}")
