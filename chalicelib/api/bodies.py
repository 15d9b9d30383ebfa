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
from chalicelib.reading import Reader

LIMIT: Final = 256 * 1024
"""Bytes that a body may have."""

Line = Annotated[str, msgspec.Meta(max_length=100)]
Name = Annotated[str, msgspec.Meta(max_length=100, description="A line of text, for people.")]
Phone = Annotated[str, msgspec.Meta(max_length=100, description="With its country code; ``+`` or not.")]
Url = Annotated[str, msgspec.Meta(max_length=2048, description="A public https address.")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class LoginBody(msgspec.Struct):
    """A user's name and password."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    # The bound keeps hashing cheap: argon2 reads all of it.
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class EnvelopedSession(msgspec.Struct):
    """A new session; null is as good as absent."""

    phone: Annotated[Phone | None, msgspec.Meta(description="The number to link. It becomes the session's id.")] = None
    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="Where its events go: a public https address.")] = None
    enabled: Annotated[bool | None, msgspec.Meta(description="False: it sends nothing.")] = None


class EnvelopedSettings(msgspec.Struct):
    """Changes of a session: what is absent or null stays as it is."""

    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="An empty address removes it.")] = None
    enabled: Annotated[bool | None, msgspec.Meta(description="False: it sends nothing.")] = None


class NameBody(msgspec.Struct):
    """A session's new name."""

    name: Name


class BareWebhook(msgspec.Struct, rename="camel"):
    """Where a session's events go."""

    webhook_url: Url | None = None
    url: Annotated[Url | None, msgspec.Meta(description="The older name of ``webhookUrl``.")] = None
    events: Annotated[
        Annotated[list[Event], msgspec.Meta(min_length=1, max_length=20)] | None,
        msgspec.Meta(description="Those to tell of; all if none is named."),
    ] = None
    secret: Annotated[
        Annotated[str, msgspec.Meta(max_length=256)] | None,
        msgspec.Meta(description="What ``X-Webhook-Signature`` is made with: 8 characters or more."),
    ] = None


class WebhookBody(msgspec.Struct):
    """A session's new webhook."""

    webhook_url: Annotated[Url, msgspec.Meta(description="A public https address; an empty one removes the webhook.")]


class EnabledBody(msgspec.Struct):
    """Whether a session sends anything."""

    enabled: bool


class BareSession(msgspec.Struct, rename="camel"):
    """A new session; null is as good as absent."""

    session_id: Annotated[
        Line | None,
        msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; made up if it is absent."),
    ] = None
    phone_number: Annotated[Phone | None, msgspec.Meta(description="The number to link.")] = None
    name: Name | None = None
    webhook_url: Annotated[Url | None, msgspec.Meta(description="Where its events go: a public https address.")] = None


class SendBody(msgspec.Struct):
    """A message to send."""

    to: Annotated[Line, msgspec.Meta(description="A phone number with its country code, or a person's JID.")]
    message: Annotated[Text, msgspec.Meta(description="Text, as people write it.")]


B = TypeVar("B", bound=msgspec.Struct)


def read(request: Request, model: Reader[B]) -> B:
    """Return the request's body as its model; raises Invalid, InvalidField or BodyTooLarge."""
    raw = _bytes(request)
    try:
        return model.json(raw.strip() or b"{}")
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
