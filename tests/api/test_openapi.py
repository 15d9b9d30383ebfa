"""The API's description: whole, valid, and true in its examples."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict, get_args

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from app import ROUTERS
from chalicelib.api.description import samples
from chalicelib.api.description.document import document
from chalicelib.api.description.schemas import Schemas
from chalicelib.dialects import DIALECTS
from chalicelib.domain.access import Permission
from chalicelib.reading import Reader
from tests.api.conftest import Caller
from tests.api.described import fits

DOCUMENT = document(ROUTERS)
ROUTES = [route for router in ROUTERS for route in router.routes if route.method != "OPTIONS"]
OPERATIONS = [
    (f"{method.upper()} {path}", told)
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]
each = pytest.mark.parametrize(("name", "told"), OPERATIONS, ids=[name for name, _ in OPERATIONS])


def test_it_is_openapi_3_1() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


def test_every_route_is_in_it() -> None:
    assert {name for name, _ in OPERATIONS} == {f"{route.method} {route.path}" for route in ROUTES}


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [told["operationId"] for _, told in OPERATIONS]
    assert len(names) == len(set(names))


def test_every_family_with_webhooks_shows_what_is_posted_in_its_words() -> None:
    told = DOCUMENT["webhooks"]
    assert {name.partition(":")[0] for name in told} == {one.name for one in DIALECTS.values() if one.webhook}
    examples = {
        name: methods["post"]["requestBody"]["content"]["application/json"]["example"] for name, methods in told.items()
    }
    assert examples["native: message.received"]["data"]["text"] == {"body": "Kopi jam sembilan?"}
    assert examples["bare: message.sent"]["status"] == "sent"
    assert examples["native: session.connected"]["data"]["status"] == "CONNECTED"


@each
def test_every_operation_says_what_it_does_and_gives(name: str, told: dict[str, Any]) -> None:
    assert told["summary"].endswith(".")
    gives = any(status[0] in "23" for status in told["responses"])
    assert gives or "501" in told["responses"], "declare what it gives, or that it can't be done"
    assert {"500", "503"} <= set(told["responses"])


@each
def test_every_json_answer_has_an_example_that_fits(name: str, told: dict[str, Any]) -> None:
    for status, answer in told["responses"].items():
        form = answer.get("content", {}).get("application/json")
        if form is None or form["schema"] == {"type": "object", "additionalProperties": {}}:
            continue
        told_by_name = DOCUMENT["components"]["examples"]
        shown = form.get("examples", {}).values()
        found = [(one if "value" in one else told_by_name[one["$ref"].rpartition("/")[2]])["value"] for one in shown]
        found = found or [form["example"]]
        for example in found:
            fits(json.loads(json.dumps(example)), form["schema"], f"{name} {status}")


MODELS = sorted(
    {model for route in ROUTES if route.body for model in get_args(route.body) or (route.body,)},
    key=lambda model: model.__name__,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_body_has_an_example_that_is_accepted(model: type[msgspec.Struct]) -> None:
    example = samples.body(model)
    assert example, "give it one in the examples"
    assert isinstance(Reader(model).plain(example), model)
    schemas = Schemas()
    schemas.of(model)


@each
def test_every_guarded_operation_can_refuse_its_caller(name: str, told: dict[str, Any]) -> None:
    guarded = next(isinstance(r.needs, Permission) for r in ROUTES if f"{r.method} {r.path}" == name)
    assert not guarded or {"401", "403"} <= set(told["responses"])
    assert guarded == (told["security"] != [{}])


def a_struct(name: str, **fields: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, list(fields.items()))


def a_typed_dict(name: str, **fields: Any) -> Any:
    return TypedDict(name, fields)  # type: ignore[operator]


@pytest.mark.parametrize("one", [a_struct, a_typed_dict])
@pytest.mark.parametrize("other", [a_struct, a_typed_dict])
def test_two_types_of_one_name_are_refused(one: Any, other: Any) -> None:
    schemas = Schemas()
    schemas.of(one("Status", code=int))
    with pytest.raises(TypeError, match="Two types are called Status"):
        schemas.of(other("Status", text=str))


def test_two_types_of_one_name_are_refused_within_bodies_too() -> None:
    schemas = Schemas()
    schemas.of(a_struct("Image", content=a_struct("Content", url=str)))
    with pytest.raises(TypeError, match="Two types are called Content"):
        schemas.of(a_struct("Text", content=list[a_struct("Content", text=str)]))  # type: ignore[misc]


def test_a_type_is_named_as_often_as_it_is_met() -> None:
    schemas, content = Schemas(), a_struct("Content", url=str)
    assert schemas.of(content) == schemas.of(content) == {"$ref": "#/components/schemas/Content"}
    schemas.of(a_struct("Image", content=content))
    assert set(schemas.named) == {"Content", "Image"}


def test_a_type_without_json_is_refused() -> None:
    with pytest.raises(TypeError, match="has no JSON"):
        Schemas().of(complex)


def every(value: Any) -> Iterator[dict[str, Any]]:
    """All objects within a document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every(one)


def test_a_boolean_const_says_its_type() -> None:
    """openapi-python-client gives up the whole schema otherwise."""
    found = [schema for schema in every(DOCUMENT["components"]["schemas"]) if isinstance(schema.get("const"), bool)]
    assert found
    assert [schema for schema in found if schema.get("type") != "boolean"] == []


def test_a_file_s_type_is_called_by_one_word() -> None:
    names = {name for one in every(DOCUMENT) for name in one.get("properties", {})}
    assert {name for name in names if "mime" in name.lower()} == {"mimetype"}


def test_no_field_of_a_body_has_a_default() -> None:
    """openapi-typescript takes one that has as always there."""
    fields = [
        (model.__name__, name, field)
        for model in MODELS
        for name, field in DOCUMENT["components"]["schemas"][model.__name__]["properties"].items()
    ]
    assert fields
    assert [(body, name) for body, name, field in fields if "default" in field] == []


def test_it_is_served(nobody: Caller) -> None:
    answer = nobody("GET", "/openapi.json")
    assert answer.json["paths"] == json.loads(json.dumps(DOCUMENT["paths"]))


@pytest.mark.subprocess
def test_it_costs_nothing_until_somebody_asks() -> None:
    code = "import app, sys; print([m for m in sys.modules if m.startswith('chalicelib.api.description.')])"
    repository = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
