"""Fields of requests: the types of bodies' fields, and what the parts of any request must look like."""

import re
import unicodedata
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec

from chalicelib.adapters.poster import NotAnEndpoint, endpoint
from chalicelib.config import settings
from chalicelib.domain.addresses import is_public_host
from chalicelib.domain.errors import InvalidField, InvitationNotFound, MediaNotFound, MessageNotFound, SessionNotFound
from chalicelib.domain.messages import MAX_TEXT, MAX_TEXT_BYTES
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.reading import DigitText

Line = Annotated[str, msgspec.Meta(max_length=100)]
Digits = Annotated[DigitText, msgspec.Meta(description="A phone number with its country code; a JSON number will do.")]
SessionId = Annotated[
    DigitText,
    msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; a JSON number will do."),
]
Name = Annotated[str, msgspec.Meta(max_length=100, description="A line of text, for people.")]
Phone = Annotated[DigitText, msgspec.Meta(description="With its country code; ``+`` or not.")]
Url = Annotated[str, msgspec.Meta(max_length=2048, description="A public https address.")]
MessageText = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_TEXT,
        description=f"Text, as people write it; besides, {MAX_TEXT_BYTES} bytes in UTF-8 at most.",
    ),
]


class SendBody(msgspec.Struct):
    """A message to send."""

    to: Annotated[
        DigitText, msgspec.Meta(description="A phone number with its country code, or a person's or a group's JID.")
    ]
    message: MessageText


_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
MEDIA_ID: Final = re.compile(r"md_[0-9A-Za-z]{1,64}")
USER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}")
TENANT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
KEY_ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")
INVITATION_ID: Final = re.compile(r"[0-9A-Za-z]{1,32}")
_WRITTEN: Final = frozenset("\n\t\r")
"""The control characters that people write."""
_BLANK: Final = {"Cc", "Cf", "Zl", "Zp", "Zs"}
_IGNORED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that show nothing: fillers, the blank Braille pattern, variation selectors."""
_WEB: Final = {"http", "https"}


def session_id(value: str, *, field: str) -> str:
    """Return an id that an owner may give a session."""
    if not value:
        raise InvalidField(f"'{field}' is empty.", field=field)
    if not _ID.fullmatch(value):
        raise InvalidField(
            f"'{field}' must begin with a letter or digit and go on with letters, digits, '_', '.' or '-', "
            "64 characters at most.",
            field=field,
        )
    return value


def existing_id(value: str) -> str:
    """Return the id in a path; raises SessionNotFound for one that no session can have."""
    if not _ID.fullmatch(value):
        raise SessionNotFound("There is no session of that id.", field="id")
    return value


def line(value: str, *, field: str) -> str:
    """Return a text of one line: no control characters, no NUL."""
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise InvalidField(f"'{field}' has control characters in it.", field=field)
    return value


def existing_message(value: str) -> str:
    """Return the message id in a path, ours or WhatsApp's; raises MessageNotFound for one that no message can have."""
    if not MESSAGE_ID.fullmatch(value):
        raise MessageNotFound("There is no message of that id.", field="message_id")
    return value


def existing_media(value: str) -> str:
    """Return the file's id in a path; raises MediaNotFound for one that no file can have."""
    if not MEDIA_ID.fullmatch(value):
        raise MediaNotFound("There is no such file in this session.", field="media_id")
    return value


def existing_invitation(value: str) -> str:
    """Return the invitation's id in a path; raises InvitationNotFound for one that no invitation can have."""
    if not INVITATION_ID.fullmatch(value):
        raise InvitationNotFound("There is no such invitation to this session.", field="invitation_id")
    return value


def text(value: str, *, field: str) -> str:
    """Return what a person may write: something visible, with line ends and tabs, but no other control characters."""
    if all(map(_invisible, value)):
        raise InvalidField(f"'{field}' is empty.", field=field)
    line("".join(character for character in value if character not in _WRITTEN), field=field)
    if len(value.encode()) > MAX_TEXT_BYTES:
        raise InvalidField(f"'{field}' is too long: {MAX_TEXT_BYTES} bytes in UTF-8 at most.", field=field)
    return value


def matching(value: bool | None, phone: str | None, *, field: str) -> bool:  # noqa: FBT001 - a field's value
    """Return whether no account but that of ``phone`` may be linked: there must be one then."""
    if value and phone is None:
        raise InvalidField(f"'{field}' needs a phone number that is to match.", field=field)
    return bool(value)


def _invisible(character: str) -> bool:
    """Whether the character shows nothing by itself: a blank, a format character (U+200B), a filler, a selector."""
    return unicodedata.category(character) in _BLANK or bool(_IGNORED.match(character))


def key(value: str | None, *, field: str) -> str | None:
    """Return a key that the caller made up, None where there is none: 1 to 255 visible ASCII characters."""
    if value is not None and not re.fullmatch(r"[!-~]{1,255}", value):
        raise InvalidField(f"'{field}' must have 1 to 255 visible ASCII characters.", field=field)
    return value


def some_of(body: msgspec.Struct, *, under: str | None = None) -> None:
    """Raise InvalidField for the body of a change, or the object ``under`` a name in it, of which no field is given."""
    names = [f"{under}.{name}" for name in body.__struct_fields__] if under else body.__struct_fields__
    if all(
        getattr(body, name) is default
        for name, default in zip(body.__struct_fields__, body.__struct_defaults__, strict=True)
    ):
        raise InvalidField(f"There is nothing to change. Give one of these: {', '.join(names)}.", field=names[0])


def url(value: str, *, field: str) -> str:
    """Return an absolute web address."""
    line(value, field=field)
    try:
        parts = urlsplit(value)
        good = parts.scheme in _WEB and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in value):
        raise InvalidField(f"'{field}' must be an absolute http or https address.", field=field)
    return value


def webhook(value: str, *, field: str) -> str:
    """Return the address of a webhook's endpoint: public and https; the local stack allows this machine and http too.

    Where its name leads is checked at each delivery.
    """
    try:
        endpoint(url(value, field=field), local=settings().webhooks_local)
    except NotAnEndpoint as error:
        raise InvalidField(f"'{field}' can't be a webhook's address. {error}", field=field) from error
    return value


def link(value: str, *, field: str) -> str:
    """Return the address that a file is to be fetched from, under the rules of a webhook's address."""
    try:
        endpoint(url(value, field=field), local=settings().webhooks_local)
    except NotAnEndpoint as error:
        raise InvalidField(f"'{field}' can't be fetched. {error}", field=field) from error
    return value


_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}", re.ASCII)
MOST_OF_A_WORD: Final = 255
"""Bytes of a proxy's user name and of its password: SOCKS has room for no more."""


def proxy(
    kind: ProxyType, where: tuple[str, int], shown: tuple[str | None, str | None] = (None, None), *, field: str
) -> Proxy:
    """Return a session's proxy: its host and port, and the user name and password that are shown to it."""
    (host, port), (username, password) = where, shown
    if password is not None and username is None:
        raise InvalidField(f"'{field}.password' needs a user name.", field=f"{field}.username")
    return Proxy(
        kind,
        _proxy_host(host, field=f"{field}.host"),
        port,
        _proxy_word(username, field=f"{field}.username"),
        _proxy_word(password, field=f"{field}.password"),
    )


def _proxy_host(value: str, *, field: str) -> str:
    """Return the host of a session's proxy, in ASCII: a public one; the local stack allows others too.

    Where its name leads is checked at each connection.
    """
    try:
        host = value if value.isascii() else value.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    # An address of IPv6 may come in brackets, as web addresses have it.
    host = host.removeprefix("[").removesuffix("]").rstrip(".")
    if not _HOST.fullmatch(host) or not (settings().webhooks_local or is_public_host(host)):
        raise InvalidField(f"'{field}' must be a full public name or address, without a scheme.", field=field)
    return host


def _proxy_word(value: str | None, *, field: str) -> str | None:
    """Return a user name or a password for a proxy."""
    if value is not None and not 1 <= len(line(value, field=field).encode()) <= MOST_OF_A_WORD:
        raise InvalidField(f"'{field}' must have 1 to {MOST_OF_A_WORD} bytes in UTF-8.", field=field)
    return value


def seconds(value: str | None, *, field: str, default: float, most: float) -> float:
    """Return a number of seconds between 0 and ``most``."""
    if value is None:
        return default
    # float() would take "nan" and digits of other scripts; what stands here is how JSON writes a number.
    if not re.fullmatch(r"\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?", value, re.ASCII) or float(value) > most:
        raise InvalidField(f"'{field}' must be a number of seconds from 0 to {most:g}.", field=field)
    return float(value)


def count(value: str | None, *, field: str, default: int, most: int) -> int:
    """Return a whole number between 1 and ``most``."""
    if value is None:
        return default
    if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or not 1 <= int(value) <= most:
        raise InvalidField(f"'{field}' must be a whole number from 1 to {most}.", field=field)
    return int(value)


def choice(value: str | None, choices: tuple[str, ...], *, field: str, default: str) -> str:
    """Return one of ``choices``."""
    if value is None:
        return default
    if value not in choices:
        raise InvalidField(f"'{field}' must be one of {', '.join(choices)}.", field=field)
    return value
