"""The examples of the description: a session, a message, a user, and the answers and bodies that are made of them.

A family's examples are in the module ``examples`` beside its routes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

import msgspec

from chalicelib.api.about import EdgeJson, HealthJson, WebSocketJson
from chalicelib.api.fields import SendBody
from chalicelib.dialects import DIALECTS
from chalicelib.dialects.shared import iso
from chalicelib.domain import events as e
from chalicelib.domain.access import ApiKey, Role, Tenant, User
from chalicelib.domain.content import Text
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.questions import Contact, Group, GroupList
from chalicelib.domain.session import Device, QRCode, Session
from chalicelib.domain.transitions import advance

NOW: Final = 1_767_225_600_000
"""The first moment of 2026, in milliseconds since the Unix epoch."""

CODE: Final = QRCode(
    code="https://wa.me/settings/linked_devices#2@u7Yk…,Q0mA…,dX1c…,b2Zk…,1",
    image="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA…",
    matrix="11111110101\n10000010001\n10111010111",
    attempt=1,
    expires_at=NOW + 60_000,
)
CREATED: Final = Session(
    tenant="default",
    id="6281234567890",
    uid="01KDVM3W00S1MPL3XAMP13Z0A1",
    created_at=NOW - 120_000,
    name="Shop",
    phone="6281234567890",
    webhook_url="https://example.com/hook",
    webhook_secret="whsec_c2FtcGxlLXNlY3JldC1vZi10aGUtZG9jcw==",  # noqa: S106 - an example
    since=NOW - 120_000,
)


def _walked(*events: e.LinkEvent) -> Session:
    """Return what the sample session becomes of these events, by the one table of transitions."""
    session = CREATED
    for event in events:
        session = advance(session, event, now=NOW, event_id="01KDVM3W00EVENT00000000A1")
    return session


_STARTED: Final = (e.StartRequested(), e.WorkerClaimed("worker", "mailbox", standby=True), e.QRShown(CODE))
_DEVICE: Final = Device("6281234567890:7@s.whatsapp.net", "200000000000001:7@lid")
SCANNING: Final = _walked(*_STARTED)
SESSION: Final = _walked(*_STARTED, e.PairSuccess(_DEVICE), e.Connected(_DEVICE))
UNSCANNED: Final = _walked(*_STARTED, e.QRTimeout())
PASSKEY: Final = _walked(*_STARTED, e.PasskeyRequested())
OUTDATED: Final = _walked(*_STARTED, e.ClientOutdated())


def _message(status: MessageStatus) -> Message:
    sent, failed = status is MessageStatus.SENT, status is MessageStatus.FAILED
    return Message(
        uid=SESSION.uid,
        id="01KDVM3W00MESSAGE0000000A1",
        tenant="default",
        session=SESSION.id,
        direction=Direction.OUTBOUND,
        status=status,
        created_at=NOW,
        chat="628987654321@s.whatsapp.net",
        to="628987654321@s.whatsapp.net",
        sender=Party("6281234567890"),
        content=Text("Your order is on its way."),
        whatsapp_id="3EB0C767D0971A2B3C4D" if sent else None,
        sent_at=NOW + 180 if sent else None,
        error_code="not_on_whatsapp" if failed else None,
        error_message="The number has no account." if failed else None,
    )


MESSAGE: Final = _message(MessageStatus.SENT)
FAILED: Final = _message(MessageStatus.FAILED)
RECEIVED: Final = Message(
    uid=SESSION.uid,
    id="01KDVM3W00MESSAGE0000000A2",
    tenant="default",
    session=SESSION.id,
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    created_at=NOW,
    chat="628987654321@s.whatsapp.net",
    sender=Party("628987654321", name="Budi"),
    content=Text("Kopi jam sembilan?"),
    whatsapp_id="3EB0C431C26A1916E07E",
)
USER: Final = User("ben", "default", Role.MEMBER, "", NOW)
KEY: Final = ApiKey("01KDVM3W00APIKEY00000000A1", "", "default", "ben", Role.MEMBER, NOW, session=SESSION.id)
TENANT: Final = Tenant("acme", "Acme", NOW, ("ana",))
CONTACT: Final = Contact(exists=True, jid="628987654321@s.whatsapp.net")
GROUPS: Final = GroupList((Group("120363020310020819@g.us", "Coffee", "At nine.", CONTACT.jid, NOW // 1000),))


@dataclass(frozen=True, slots=True)
class _Examples:
    answers: Mapping[Any, Any]
    bodies: Mapping[type[msgspec.Struct], msgspec.Struct]


def answer(kind: Any) -> Any:
    """Return an example of an answer of that type, None if there is none."""
    return next((one.answers[kind] for one in _all() if kind in one.answers), None)


def body(model: type[msgspec.Struct]) -> Mapping[str, Any] | None:
    """Return an example of a request's body, None if there is none."""
    found = next((one.bodies[model] for one in _all() if model in one.bodies), None)
    if found is None:
        return None
    told: dict[str, Any] = msgspec.to_builtins(found)
    return {name: value for name, value in told.items() if value is not None}


def _all() -> list[_Examples]:
    """Return the examples of no family alone, and those of each."""
    return [_shared(), *(_of(dialect.name) for dialect in DIALECTS.values() if dialect.prefixes)]


@cache
def _shared() -> _Examples:
    way = WebSocketJson(path="/v1/ws", dialect="native", address="wss://gateway.example/v1/ws")
    answers: dict[Any, Any] = {
        HealthJson: HealthJson(status="ok", service="switchboard", timestamp=iso(NOW), uptime=90),
        EdgeJson: EdgeJson(edge=True, rest="https://gateway.example", websockets=[way]),
    }
    return _Examples(answers, {SendBody: SendBody("+628987654321", "Your order is on its way.")})


@cache
def _of(family: str) -> _Examples:
    module = import_module(f"chalicelib.api.{family}.examples")
    return _Examples(module.ANSWERS, {type(example): example for example in module.BODIES})
