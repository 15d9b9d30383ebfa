"""The whole description as one OpenAPI 3.1 document, made from the routes: each an operation, each family a tag."""

import inspect
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast, get_args

from chalicelib.api.about import VERSION
from chalicelib.api.auth import Public
from chalicelib.api.call import JSON
from chalicelib.api.description import samples
from chalicelib.api.description.guide import guide, websockets
from chalicelib.api.description.schemas import Schema, Schemas, name_of
from chalicelib.api.description.webhooks import webhooks
from chalicelib.api.fields import INVITATION_ID, KEY_ID, MEDIA_ID, MESSAGE_ID, TENANT_ID, USER_NAME
from chalicelib.api.parameters import Parameter
from chalicelib.api.received import MULTIPART, files_of
from chalicelib.api.router import GATEWAY, Route, Router
from chalicelib.dialects import DIALECTS
from chalicelib.dialects.dialect import ErrorShape, Tag
from chalicelib.domain import errors as e
from chalicelib.domain.access import KEYS
from chalicelib.domain.session import ID, Session

ABOUT: Final = """\
A gateway to WhatsApp: each session is an account, linked by scanning a QR code, that sends and receives messages.
The routes come in families, each in the words of the clients that were written for it; all of them work on the same
sessions, and one is enough. Answers may get more fields with time.

Bodies are JSON. A form (`application/x-www-form-urlencoded`, or `multipart/form-data` without files) with the same
fields will do as well. Unknown fields are ignored, except one that looks like a known field which isn't given: that is
refused by name, as `phoneNumber` is where `phone` is meant. So is a query parameter that asks for another page in words
that a route doesn't have (`offset`, `page`, `skip`); other unknown ones are ignored.

Every path answers another method than its own with 405 `METHOD_NOT_ALLOWED` and an `Allow` header, and a path that
isn't here with 404 `NOT_FOUND`, in the words of its family. Each `GET` answers `HEAD` too."""
SECURITY: Final[Schema] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of `POST /api/auth/login`. It is good for a day, and ends with its user's password. "
        "Routes that link a session take the token of `POST /v1/invitations/exchange` as well, for that session.",
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
HEADERS: Final = "#/components/headers/"
EXAMPLES: Final = "#/components/examples/"
_OK: Final = {200: "Done.", 201: "Created.", 202: "Accepted; it goes on by itself.", 204: "Nothing to say."}


def document(routers: Iterable[Router]) -> Schema:
    """Return the document of all routes, but for those that only answer a browser's questions before it asks."""
    routes = [(router, route) for router in routers for route in router.routes if route.method != "OPTIONS"]
    schemas = Schemas()
    paths: dict[str, Schema] = {}
    tags: list[Tag] = []
    for router, route in routes:
        tag = route.tag or router.tag
        tags.append(tag)
        paths.setdefault(route.path, {})[route.method.lower()] = operation(router, route, tag.name, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard",
            "version": VERSION,
            "description": f"{ABOUT}\n\n{guide(DIALECTS.values())}",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag.name, "description": tag.about} for tag in _in_order(tags)],
        "paths": paths,
        "webhooks": webhooks(DIALECTS.values()),
        "components": {
            "schemas": dict(sorted(schemas.named.items())),
            "examples": _examples(routes),
            "headers": _HEADERS,
            "securitySchemes": SECURITY,
        },
        "x-websockets": websockets(DIALECTS.values()),
    }


def _in_order(tags: Iterable[Tag]) -> list[Tag]:
    """Return the tags, each once: the dialects' own in the dialects' order, then the others, the gateway's own last."""
    dialects = [dialect.tag for dialect in DIALECTS.values()]
    found = dict.fromkeys(tags)
    others = [tag for tag in found if tag not in dialects and tag is not GATEWAY]
    return [tag for tag in (*dialects, *others, GATEWAY) if tag and tag in found]


def _examples(routes: Iterable[tuple[Router, Route]]) -> dict[str, Any]:
    found = {}
    for router, route in routes:
        for kind in errors_of(route):
            name = example_id(router, kind.code)
            if name not in found:
                found[name] = {"summary": sentence(kind), "value": error_example(kind, router.error)}
    return dict(sorted(found.items()))


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
    return f"{name_of(shape_of(router))}.{code}"


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
    models = get_args(route.body) or (route.body,)
    content: Schema = {"schema": schemas.of(route.body)}
    found = {model.__name__: example for model in models if (example := samples.body(model))}
    if len(models) > 1 and found:
        content["examples"] = {name: {"value": example} for name, example in found.items()}
    elif found:
        content["example"] = found[models[0].__name__]
    needed = all(schemas.named[model.__name__].get("required") for model in models)
    told = {JSON: content}
    for files in filter(None, map(files_of, models)):
        told[MULTIPART] = {"schema": _with_files(schemas.named[models[0].__name__], files)}
    return {"required": needed, "content": told}


def _with_files(schema: Schema, files: frozenset[str]) -> Schema:
    """Return a body's schema as that of a form, in which files are what they are."""
    properties = {
        name: {"type": "string", "format": "binary"} if name in files else of
        for name, of in schema["properties"].items()
    }
    return schema | {"properties": properties}


def _responses(router: Router, route: Route, schemas: Schemas) -> Schema:
    told = {str(status): _answer(status, kind, schemas) for status, kind in sorted(route.gives.items())}
    for status, kinds in by_status(errors_of(route)).items():
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
    told: Schema = {"description": _OK.get(status) or f"{HTTPStatus(status).phrase}."}
    if status == HTTPStatus.FOUND:
        told["headers"] = {"Location": {"description": "Where it is.", "schema": {"type": "string", "format": "uri"}}}
    return told | ({"content": content} if content else {})


def _form(form: str, shape: Any, schemas: Schemas) -> Schema:
    if shape is bytes:
        # Without a schema, generators take the answer for anything at all, and the JSON beside it too.
        return {"schema": {"type": "string", "contentMediaType": form}}
    told: Schema = {"schema": schemas.of(shape)}
    example = samples.answer(shape) if form == JSON else None
    return told | ({"example": example} if example is not None else {})


def _refusal(router: Router, kinds: list[Any], schemas: Schemas) -> Schema:
    told: Schema = {
        "description": "\n".join(f"- `{kind.code}`: {sentence(kind)}" for kind in kinds),
        "content": {
            JSON: {
                "schema": schemas.of(shape_of(router)),
                "examples": {kind.code: {"$ref": EXAMPLES + example_id(router, kind.code)} for kind in kinds},
            }
        },
    }
    headers: Schema = {}
    if any(issubclass(kind, WAITING) for kind in kinds):
        headers["Retry-After"] = {"$ref": HEADERS + "Retry-After"}
    if any(kind.status == 401 for kind in kinds):
        headers["WWW-Authenticate"] = {"$ref": HEADERS + "WWW-Authenticate"}
    return told | ({"headers": headers} if headers else {})


def _variable(about: str, pattern: str, example: str) -> dict[str, Any]:
    return {"description": about, "schema": {"type": "string", "pattern": f"^{pattern}$"}, "example": example}


VARIABLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "id": _variable("The session's id.", ID.pattern, "6281234567890"),
    "message_id": _variable(
        "The message's id: ours, or WhatsApp's once it is known.", MESSAGE_ID.pattern, "01KDVM3W00MESSAGE0000000A1"
    ),
    "media_id": _variable("The file's id.", MEDIA_ID.pattern, "md_01KDVM3W00MEDIA000000000A1"),
    "file": _variable(
        "The file's name, as a ``media_url`` has it.", r"[^/]{1,200}", "6281234567890_md_01KDVM3W00MEDIA000000000A1.jpg"
    ),
    "chat_id": _variable("The chat's JID.", r"[^/]{1,128}", "628987654321@s.whatsapp.net"),
    "name": _variable("The user's name.", USER_NAME.pattern, "ben"),
    "key_id": _variable("The API key's id; it is no secret.", KEY_ID.pattern, "01KDVM3W00APIKEY00000000A1"),
    "invitation_id": _variable(
        "The invitation's id; it is no secret.", INVITATION_ID.pattern, "01KDVM3W00INVITATION0000A1"
    ),
    "tenant": _variable("The tenant's id.", TENANT_ID.pattern, "acme"),
    "company": _variable("The company: a tenant's id.", TENANT_ID.pattern, "default"),
    "build": _variable("The build that the file belongs to.", r"[0-9a-f]{1,64}", "3f1b0c5a9e7d2468"),
    "asset": _variable("The file's name.", r"[^/]{1,200}", "place.json"),
}
"""Each variable as an OpenAPI parameter; a value that doesn't fit is answered like one that isn't there."""


UNKNOWN: Final[dict[str, type[e.GatewayError]]] = {
    "{id}": e.SessionNotFound,
    "{message_id}": e.MessageNotFound,
    "{media_id}": e.MediaNotFound,
    "{file}": e.MediaNotFound,
    "{name}": e.UserNotFound,
    "{key_id}": e.KeyNotFound,
    "{invitation_id}": e.InvitationNotFound,
    "{tenant}": e.TenantNotFound,
    "{company}": e.TenantNotFound,
}
"""What a path says if nothing is there, by its variable."""
WAITING: Final = (
    e.NotReady,
    e.TooFast,
    e.TooManyAttempts,
    e.TicketQuotaExceeded,
    e.TooManyQuestions,
    e.PairingCodeThrottled,
    e.PairingUnderWay,
    e.SessionDeleting,
)
"""Errors that say when to come again."""

_STANDING: Final[Mapping[type[e.GatewayError], Session]] = {
    e.SessionNotConnected: samples.SCANNING,
    e.QRNotReady: samples.SCANNING,
    e.SessionStopped: samples.UNSCANNED,
    e.SessionFailed: samples.OUTDATED,
    e.PasskeyRequired: samples.PASSKEY,
    e.PasskeyNotAsked: samples.SCANNING,
    e.ConfirmationNotAsked: samples.SCANNING,
    e.PairingUnderWay: samples.SCANNING,
}
"""How the session of an example stands; in all others it is linked."""


def errors_of(route: Route) -> list[type[e.GatewayError]]:
    """Return the route's errors, each once: those that follow from what it is, and its own."""
    found: list[type[e.GatewayError]] = []
    if route.body:
        found += [e.Invalid, e.InvalidField, e.BodyTooLarge, e.UnsupportedEncoding]
    if route.takes or route.creates or (route.method == "GET" and not isinstance(route.needs, Public)):
        found.append(e.InvalidField)
    if not isinstance(route.needs, Public):
        found += [e.Unauthenticated, e.Forbidden]
    found += [kind for variable, kind in UNKNOWN.items() if variable in route.path]
    found += [*route.refuses, e.NotReady, e.GatewayError]
    return list(dict.fromkeys(found))


def by_status(kinds: Iterable[type[e.GatewayError]]) -> dict[int, list[type[e.GatewayError]]]:
    """Return the errors by their status."""
    told: dict[int, list[type[e.GatewayError]]] = {}
    for kind in kinds:
        told.setdefault(kind.status, []).append(kind)
    return dict(sorted(told.items()))


def shape_of(router: Router) -> Any:
    """Return the type of the router's errors: what its function says that it returns."""
    return inspect.signature(router.error).return_annotation


def sentence(kind: type[e.GatewayError]) -> str:
    """Return the first line of what the error says of itself; what all errors have in common is no error's sentence."""
    if kind is e.GatewayError:
        return "Something went wrong on our side; say the request id."
    return inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]


def error_example(kind: type[e.GatewayError], shape: ErrorShape) -> Mapping[str, Any]:
    """Return the error's body, made by the dialect's own function."""
    what = sentence(kind).partition(";")[0]
    error = kind(what.rstrip(".") + ".", **_fields(kind))
    about_a_session = issubclass(kind, (e.SessionNotFound, e.SessionExists, e.SessionNotConnected))
    return shape(error, now=samples.NOW, session_id=samples.SESSION.id if about_a_session else None)


def _fields(kind: type[e.GatewayError]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if kind is e.GatewayError:
        told["request_id"] = "7f3b2f0c-3c54-4a0e-9d5e-1f6f9a2b7c11"
    if issubclass(kind, e.InvalidField):
        told["field"] = "to"
    if issubclass(kind, WAITING):
        told["retry_after"] = 2
    if issubclass(kind, e.OfSession):
        told["session"] = _STANDING.get(kind, samples.SESSION)
    if issubclass(kind, e.OfMessage):
        told["failed"] = samples.FAILED
    return told
