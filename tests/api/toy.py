"""A dialect that the gateway doesn't have, as the next one would be written: its shapes, its ``Dialect``, its routes.

In the gateway the two halves are ``dialects/toy/`` and ``api/toy/``, and ``DIALECTS`` has one line more.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.router import Router
from chalicelib.dialects.dialect import Dialect, Saying, Tag, WebSockets
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import GatewayError
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Message
from chalicelib.domain.session import Session


class ToyError(TypedDict):
    """An error as toys say it."""

    oops: str


class ToySession(TypedDict):
    """A session as toys see it."""

    toy: str


class ToyName(msgspec.Struct):
    """A toy's new name."""

    name: str


def error(what: GatewayError, *, now: int, session_id: str | None) -> ToyError:
    return {"oops": what.code}


class Frames:
    """What a toy's watchers are told."""

    def event(self, envelope: Envelope, session: Session | None, now: int) -> Sequence[Saying]:
        return [Saying([f"toy heard {envelope.type}"])]

    def snapshot(self, session: Session | None, now: int) -> Sequence[Saying]:
        return [Saying([f"toy sees {session.status if session else 'nothing'}"])]

    def reply(self, text: str) -> Sequence[str]:
        return [f"toy says {text}"]


class Words:
    """What a toy's endpoints are told."""

    def tells(self, envelope: Envelope, session: Session) -> bool:
        return True

    def body(self, envelope: Envelope, message: Message | None, session: Session) -> bytes:
        return json.dumps({"toy": envelope.type}).encode()

    def headers(self, session: Session, body: bytes, *, now: int) -> Mapping[str, str]:
        return {"X-Toy": "yes"}


DIALECT: Final = Dialect(
    name="toy",
    prefixes=("/toy",),
    tag=Tag("Toy", "Routes under `/toy`."),
    error=error,
    websockets=WebSockets(("/toy/{id}/ws",), "What toys hear."),
    frames=Frames(),
    webhook=Words(),
)

router: Final = Router(__name__, DIALECT)


@router.route("GET", "/toy/{id}", needs=Permission.SESSIONS_READ, gives={200: ToySession})
def show(call: Call, session_id: str) -> Answer:
    """Give one toy."""
    return Answer(ToySession(toy=bootstrap.sessions().get(call.tenant, session_id).id))


@router.route("PUT", "/toy/{id}", needs=Permission.SESSIONS_WRITE, gives={200: ToySession})
def rename(call: Call, session_id: str, body: ToyName) -> Answer:
    """Rename a toy."""
    session, _ = bootstrap.sessions().change(call.tenant, session_id, name=body.name)
    return Answer(ToySession(toy=session.name))


ROUTERS: Final = (router,)

ANSWERS: Final[Mapping[Any, Any]] = {ToySession: ToySession(toy="ana")}
BODIES: Final = (ToyName("Bear"),)
