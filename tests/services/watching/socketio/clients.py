"""Clients of the Socket.IO server, and what they were sent."""

import json
from dataclasses import replace
from typing import Any

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.errors import Unauthenticated
from chalicelib.domain.events import Envelope
from chalicelib.domain.session import Session, Status
from chalicelib.domain.watchers import Channel
from chalicelib.services.ports.watching import Identify
from tests.composition import Rig
from tests.makers import NOW, a_running_session

ANA = Principal("ana", "default", Role.ADMIN, expires_at=NOW + 3_600_000)


BO = Principal("bo", "other", Role.ADMIN)


def identify(token: str | None) -> Principal:
    if token in {"ana", "bo"}:
        return ANA if token == "ana" else BO
    raise Unauthenticated("The token isn't one of ours.")


def sent(rig: Rig, connection: str = "c1") -> list[str]:
    return [text for to, text in rig.sockets.sent if to == connection]


def told(rig: Rig) -> list[str]:
    """The words that were said, statuses by their own."""
    said = [json.loads(text[2:]) for text in sent(rig) if text.startswith("42")]
    return [data["status"] if event == "status-update" else event for event, data in said]


def hear(rig: Rig, *frames: str, identify: Identify = identify) -> None:
    for text in frames:
        assert rig.socketio.hear("c1", text, identify)


def a_client(rig: Rig, *frames: str, token: str = "ana") -> Channel:
    channel, _ = rig.socketio.open(None, "1.2.3.4", connection="c1")
    rig.socketio.greet(channel.sid)
    hear(rig, f'40{{"token":"{token}"}}', *frames)
    return channel


def stands(rig: Rig, status: Status, **fields: Any) -> Session:
    (session,) = rig.stores.sessions.rows.values()
    after = replace(session, status=status, version=session.version + 1, since=rig.clock(), **fields)
    rig.stores.sessions.rows[session.uid] = after
    return after


def an_event(kind: str, status: str = "") -> Envelope:
    session = a_running_session()
    return Envelope("01E", kind, "default", session.id, session.uid, NOW, "label#1", {"status": status})
