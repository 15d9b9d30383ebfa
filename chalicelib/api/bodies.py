"""What request bodies may hold, and how a body is read: JSON whatever its content type says, nothing at all is ``{}``.

Unknown fields are ignored: clients of both families send extras.
"""

import re
from typing import Annotated, Final, NoReturn, TypeVar

import msgspec
from chalice.app import Request

from chalicelib.dialects.bare_webhook import Event
from chalicelib.domain.errors import BodyTooLarge, Invalid, InvalidField
from chalicelib.domain.messages import MAX_TEXT

LIMIT: Final = 256 * 1024
"""Bytes that a body may have."""

Line = Annotated[str, msgspec.Meta(max_length=100)]
Url = Annotated[str, msgspec.Meta(max_length=2048)]


class LoginBody(msgspec.Struct):
    """Seed 001's login."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    # The bound keeps hashing cheap: argon2 reads all of it.
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class EnvelopedSession(msgspec.Struct):
    """Seed 001's new session; null is as good as absent."""

    phone: Line | None = None
    name: Line | None = None
    webhook_url: Url | None = None
    enabled: bool | None = None


class EnvelopedSettings(msgspec.Struct):
    """Seed 001's changes of a session: what is absent or null stays as it is, an empty address is removed."""

    name: Line | None = None
    webhook_url: Url | None = None
    enabled: bool | None = None


class NameBody(msgspec.Struct):
    """A session's new name."""

    name: Line


class BareWebhook(msgspec.Struct, rename="camel"):
    """Where seed 002's events go; ``url`` is what an older page of its documents calls ``webhookUrl``."""

    webhook_url: Url | None = None
    url: Url | None = None
    events: Annotated[list[Event], msgspec.Meta(min_length=1, max_length=20)] | None = None
    secret: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class WebhookBody(msgspec.Struct):
    """A session's new webhook; an empty address removes it."""

    webhook_url: Url


class EnabledBody(msgspec.Struct):
    """Whether a session sends anything."""

    enabled: bool


class BareSession(msgspec.Struct, rename="camel"):
    """Seed 002's new session; null is as good as absent."""

    session_id: Line | None = None
    phone_number: Line | None = None
    name: Line | None = None
    webhook_url: Url | None = None


class SendBody(msgspec.Struct):
    """A message to send; both families name the fields alike."""

    to: Line
    message: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


B = TypeVar("B", bound=msgspec.Struct)


def read(request: Request, model: type[B]) -> B:
    """Return the request's body as ``model``; raises Invalid, InvalidField or BodyTooLarge."""
    raw = _bytes(request)
    try:
        return msgspec.json.decode(raw.strip() or b"{}", type=model)
    except msgspec.ValidationError as error:
        _explain(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(
            "The body is not JSON.", hint="Send a JSON object, with Content-Type: application/json."
        ) from error


def _bytes(request: Request) -> bytes:
    raw = request.raw_body
    body = raw if isinstance(raw, bytes) else raw.encode()
    if len(body) > LIMIT:
        raise BodyTooLarge(f"The body is larger than {LIMIT // 1024} KB.")
    return body


_AT: Final = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_LENGTH: Final = re.compile(r"of length (?P<side><=|>=) (?P<bound>\d+)")
_TYPE: Final = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`")
_NAMES: Final = {
    "str": "text",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "null": "null",
    "object": "an object",
    "array": "a list",
}


def _explain(problem: str) -> NoReturn:
    """Raise msgspec's finding as a sentence about the field at fault."""
    if missing := _MISSING.search(problem):
        raise InvalidField(f"'{missing['field']}' is missing.", field=missing["field"]) from None
    at = _AT.search(problem)
    field = at["field"] if at else ""
    if not field:
        raise Invalid("The body must be a JSON object.") from None
    if length := _LENGTH.search(problem):
        too = "is empty" if length["side"] == ">=" else f"is too long: {length['bound']} characters at most"
        raise InvalidField(f"'{field}' {too}.", field=field) from None
    if types := _TYPE.search(problem):
        expected, got = types["expected"].removesuffix(" | null"), types["got"]
        raise InvalidField(
            f"'{field}' must be {_NAMES.get(expected, expected)}, not {_NAMES.get(got, got)}.", field=field
        ) from None
    raise InvalidField(f"'{field}' is not valid.", field=field) from None
