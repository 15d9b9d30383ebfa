"""The whole description as one OpenAPI 3.1 document, from the routers' routes."""

from collections.abc import Iterable
from typing import Any, Final

from chalicelib.api.description import refusals, tags
from chalicelib.api.description.operations import example_id, operation
from chalicelib.api.description.schemas import Schema, Schemas
from chalicelib.api.health import VERSION
from chalicelib.api.router import Route, Router

ABOUT: Final = """\
A gateway to WhatsApp: each session is an account, linked by scanning a QR code, that sends and receives messages.
The routes come in families, each in the words of the clients that were written for it; all of them work on the same
sessions, and one is enough. Answers may get more fields with time.

Bodies are JSON. A form (`application/x-www-form-urlencoded`, or `multipart/form-data` without files) with the same
fields will do as well. Unknown fields are ignored, except one that looks like a known field which isn't given: that is
refused by name, as `phoneNumber` is where `phone` is meant. So is a query parameter that asks for another page in words
that a route doesn't have (`offset`, `page`, `skip`); other unknown ones are ignored.

Every path answers another method than its own with 405 `METHOD_NOT_ALLOWED` and an `Allow` header, and a path that
isn't here with 404 `NOT_FOUND`, in the words of its family. Each `GET` answers `HEAD` too.
WebSockets, for which OpenAPI has no words, are in `x-websockets`."""
SECURITY: Final[Schema] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of `POST /api/auth/login`. It is good for a day, and ends with its user's password.",
    },
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sb_…",
        "description": "An API key of `POST /api/auth/api-key`, in the place of a token.",
    },
    "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same API key."},
}
_HEADERS: Final[Schema] = {
    "Retry-After": {
        "description": "Seconds after which to come again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "The kind of credential that is needed.", "schema": {"type": "string"}},
}


def document(routers: Iterable[Router]) -> Schema:
    """Return the document of all routes, but for those that only answer a browser's questions before it asks."""
    routes = [(router, route) for router in routers for route in router.routes if route.method != "OPTIONS"]
    schemas = Schemas()
    paths: dict[str, Schema] = {}
    families: dict[str, tags.Tag] = {}
    for router, route in routes:
        tag = tags.of(router, route)
        families[tag.name] = tag
        paths.setdefault(route.path, {})[route.method.lower()] = operation(router, route, tag.name, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag.name, "description": tag.about} for tag in tags.ALL if tag.name in families],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.named.items())),
            "examples": _examples(routes),
            "headers": _HEADERS,
            "securitySchemes": SECURITY,
        },
        "x-websockets": tags.WEBSOCKETS,
    }


def _examples(routes: Iterable[tuple[Router, Route]]) -> dict[str, Any]:
    found = {}
    for router, route in routes:
        for kind in refusals.of(route):
            name = example_id(router, kind.code)
            if name not in found:
                found[name] = {"summary": refusals.sentence(kind), "value": refusals.example(kind, router.error)}
    return dict(sorted(found.items()))
