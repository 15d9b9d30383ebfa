"""One route as an OpenAPI operation."""

import inspect
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from chalicelib.api.answers import JSON
from chalicelib.api.auth import Public
from chalicelib.api.description import examples, refusals
from chalicelib.api.description.schemas import Schema, Schemas, name_of
from chalicelib.api.parameters import Parameter
from chalicelib.api.paths import VARIABLES
from chalicelib.api.router import Route, Router
from chalicelib.domain.access import KEYS

HEADERS: Final = "#/components/headers/"
EXAMPLES: Final = "#/components/examples/"
_OK: Final = {200: "Done.", 201: "Created.", 202: "Accepted; it goes on by itself.", 204: "Nothing to say."}


def operation(router: Router, route: Route, tag: str, schemas: Schemas) -> Schema:
    """Return the operation; the types that it names are added to ``schemas``."""
    said = inspect.cleandoc(route.view.__doc__ or "")
    summary, _, more = said.partition("\n")
    told: Schema = {
        "operationId": operation_id(route),
        "tags": [tag],
        "summary": summary,
        "description": "\n\n".join(part for part in (more.strip(), _needs(route)) if part),
        "security": _security(router, route),
        "parameters": [*_variables(route), *(_parameter(taken) for taken in route.takes)],
        "responses": _responses(router, route, schemas),
    }
    if route.body:
        told["requestBody"] = _body(route, schemas)
    return {name: value for name, value in told.items() if value not in ("", [])} | {"security": told["security"]}


def operation_id(route: Route) -> str:
    """Return a name for the operation, by its method and path: no two have the same of both."""
    words = re.sub(r"[^A-Za-z0-9]+", " ", route.path).title().replace(" ", "")
    return route.method.lower() + (words or "Root")


def example_id(router: Router, code: str) -> str:
    """Return the name of an error's example: each dialect has its own."""
    return f"{name_of(refusals.shape_of(router))}.{code}"


def _needs(route: Route) -> str:
    return "" if isinstance(route.needs, Public) else f"Needs the permission `{route.needs}`."


def _security(router: Router, route: Route) -> list[Schema]:
    if isinstance(route.needs, Public):
        return [{}]
    keys: list[Schema] = [{"apiKey": []}, {"apiKeyHeader": []}] if route.needs in KEYS else []
    nobody: list[Schema] = [{}] if router.anonymous else []
    return [{"token": []}, *keys, *nobody]


def _variables(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, **cast("Schema", VARIABLES[name])}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _parameter(taken: Parameter[Any]) -> Schema:
    return {
        "name": taken.name,
        "in": "header" if taken.header else "query",
        "description": taken.about,
        "schema": dict(taken.schema),
    } | ({"required": True} if taken.required else {})


def _body(route: Route, schemas: Schemas) -> Schema:
    model = cast("type[Any]", route.body)
    content: Schema = {"schema": schemas.of(model)}
    example = examples.body(model)
    if example:
        content["example"] = example
    needed = schemas.named[model.__name__].get("required")
    return {"required": bool(needed), "content": {JSON: content}}


def _responses(router: Router, route: Route, schemas: Schemas) -> Schema:
    told = {str(status): _answer(status, kind, schemas) for status, kind in sorted(route.gives.items())}
    for status, kinds in refusals.by_status(refusals.of(route)).items():
        refusal = _refusal(router, kinds, schemas)
        told[str(status)] = _either(told[str(status)], refusal) if status in route.gives else refusal
    return told


def _either(one: Schema, other: Schema) -> Schema:
    """Return both answers as one: a status that a route has words of its own for, beside its dialect's errors."""
    mine, theirs = one["content"][JSON], other["content"][JSON]
    shapes = [mine["schema"], theirs["schema"]]
    shown = {"own": {"value": mine["example"]}} if "example" in mine else {}
    form = {
        "schema": shapes[0] if shapes[0] == shapes[1] else {"anyOf": shapes},
        "examples": shown | theirs["examples"],
    }
    return other | {"content": {JSON: form}}


def _answer(status: int, kind: Any, schemas: Schemas) -> Schema:
    forms = kind if isinstance(kind, Mapping) else {} if kind is None else {JSON: kind}
    content = {form.partition(";")[0]: _form(form, shape, schemas) for form, shape in forms.items()}
    return {"description": _OK.get(status) or f"{HTTPStatus(status).phrase}."} | (
        {"content": content} if content else {}
    )


def _form(form: str, shape: Any, schemas: Schemas) -> Schema:
    if shape is bytes:
        return {}
    told: Schema = {"schema": schemas.of(shape)}
    example = examples.answer(shape) if form == JSON else None
    return told | ({"example": example} if example is not None else {})


def _refusal(router: Router, kinds: list[Any], schemas: Schemas) -> Schema:
    told: Schema = {
        "description": "\n".join(f"- `{kind.code}`: {refusals.sentence(kind)}" for kind in kinds),
        "content": {
            JSON: {
                "schema": schemas.of(refusals.shape_of(router)),
                "examples": {kind.code: {"$ref": EXAMPLES + example_id(router, kind.code)} for kind in kinds},
            }
        },
    }
    headers: Schema = {}
    if any(issubclass(kind, refusals.WAITING) for kind in kinds):
        headers["Retry-After"] = {"$ref": HEADERS + "Retry-After"}
    if any(kind.status == 401 for kind in kinds):
        headers["WWW-Authenticate"] = {"$ref": HEADERS + "WWW-Authenticate"}
    return told | ({"headers": headers} if headers else {})
