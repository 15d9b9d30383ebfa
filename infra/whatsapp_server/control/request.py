"""A control request: its JSON body, field by field, and the phone number in its path."""

import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from infra.whatsapp_server.errors import BadRequest, WrongNumber


@dataclass(frozen=True, slots=True)
class Fields:
    """A body's fields; a wrong type is a BadRequest that names the field."""

    values: dict[str, Any]

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self.optional_text(name)
        if not value:
            raise BadRequest(f"{name} is missing.")
        return value

    def optional_text(self, name: str) -> str | None:
        """A text, or None if absent."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"{name} must be a text.")
        return value

    def mapping(self, name: str) -> dict[str, str]:
        """An object whose values are texts; empty if it is absent."""
        value = self.values.get(name)
        if value is not None and not (isinstance(value, dict) and all(isinstance(one, str) for one in value.values())):
            raise BadRequest(f"{name} must be an object of texts.")
        return value or {}

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty if it is absent."""
        value = self.values.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise BadRequest(f"{name} must be a list of texts.")
        return value or []

    def optional_integer(self, name: str) -> int | None:
        """A whole number, or None if absent."""
        value = self.values.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise BadRequest(f"{name} must be a whole number.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Whether something is so; the default if it is absent."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise BadRequest(f"{name} must be true or false.")
        return value

    def degrees(self, name: str, most: int) -> float:
        """A number of degrees, ``most`` at most either way."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= most:
            raise BadRequest(f"{name} must be a number from -{most} to {most}.")
        return float(value)

    def integer(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        """A whole number within bounds."""
        given = self.optional_integer(name)
        value = default if given is None else given
        if not lowest <= value <= highest:
            raise BadRequest(f"{name} must be between {lowest} and {highest}.")
        return value


async def body(request: web.Request) -> Fields:
    """The body's fields; none if it is empty. BadRequest if it isn't a JSON object."""
    try:
        content = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body isn't JSON.") from error
    if not isinstance(content, dict):
        raise BadRequest("The body must be a JSON object.")
    return Fields(content)


# 15 digits at most, as in E.164, none of them a leading zero. WhatsApp itself says which numbers exist; the loopback
# server takes any, also those of old plans, and forms that no plan has (Mexico's 521…).
_NUMBER = re.compile(r"\+?([1-9][0-9]{4,14})")


def phone_number(text: str) -> str:
    """The digits of an international number, given with or without a plus sign; else WrongNumber."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise WrongNumber("That is no phone number: 5 to 15 digits with the country code, such as 6281234567890.")
    return match[1]
