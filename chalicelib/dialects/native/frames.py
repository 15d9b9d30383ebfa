"""The native WebSocket's frames, each a JSON object. The server's have a ``type``; a client's names what it wants.

A client sends ``{"subscribe": {"SESSION": "CURSOR or null"}, "types": […]}``, ``{"unsubscribe": ["SESSION"]}`` or
``{"ping": …}``, in one frame or in several; ``*`` stands for all sessions of its tenant. It is sent the events that it
subscribed to, as ``events`` has them, and between them ``subscribed``, ``unsubscribed``, ``pong`` and ``error``.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.dialects.dialect import Asked, Saying
from chalicelib.dialects.native import answers, events, sessions
from chalicelib.dialects.shared import fits
from chalicelib.domain.errors import GatewayError, Invalid, InvalidField
from chalicelib.domain.events import Envelope, QRShown
from chalicelib.domain.session import Session
from chalicelib.domain.watchers import ALL, MOST_SUBSCRIPTIONS, told_to_all, wanted
from chalicelib.reading import BadJson, parse_json

_FIELDS: Final = ("subscribe", "types", "unsubscribe", "ping")
MOST_TYPES: Final = 50
LONGEST_SAID: Final = 200
"""Characters of an error's sentence where all of it would be too long for a frame."""


def event(envelope: Envelope, session: Session | None, now: int) -> list[Saying]:
    """Return the event's frame, with the code that can be scanned; none if it is the gateway's own affair."""
    if envelope.type not in events.TYPES:
        return []
    same = session if envelope.type == QRShown.type and session and session.uid == envelope.uid else None
    return [Saying((events.frame(events.event(envelope, same.code_at(now) if same else None)),))]


def snapshot(session: Session | None, now: int) -> list[Saying]:  # noqa: ARG001 - every family's
    """Return nothing: how a session stands is told when it is subscribed to."""
    return []


def reply(text: str) -> list[str]:  # noqa: ARG001 - every family's
    """Return nothing: a client's frames are answered as what they ask for is done."""
    return []


def asked(text: str) -> Asked:
    """Return what a client's frame asks for; raises Invalid and InvalidField."""
    try:
        said = parse_json(text)
    except BadJson as error:
        raise Invalid(f"The frame can't be read: {error}", hint="Send a JSON object.") from error
    if not isinstance(said, dict) or not said:
        raise Invalid("The frame must be a JSON object.", hint=f"There is {', '.join(_FIELDS)}.")
    for name in said:
        if name not in _FIELDS:
            raise InvalidField(f"'{name}' is no field here.", field=name, hint=f"There is {', '.join(_FIELDS)}.")
    subscribe = {name: _cursor(name, cursor) for name, cursor in _sessions(said.get("subscribe", {})).items()}
    return Asked(
        subscribe=subscribe,
        types=_types(said.get("types"), for_all=ALL in subscribe),
        unsubscribe=_texts(said.get("unsubscribe", []), field="unsubscribe"),
        ping="ping" in said,
    )


def _sessions(said: Any) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        raise InvalidField("'subscribe' must be an object: sessions, each with a cursor or null.", field="subscribe")
    if len(said) > MOST_SUBSCRIPTIONS:
        raise InvalidField(f"'subscribe' has more than {MOST_SUBSCRIPTIONS} sessions.", field="subscribe")
    return said


def _cursor(name: str, said: Any) -> str | None:
    if said is None:
        return None
    if name == ALL:
        raise InvalidField(
            "'subscribe.*' must be null: each session has cursors of its own.",
            field="subscribe.*",
            hint="List the sessions once you are subscribed.",
        )
    if not isinstance(said, str) or not events.CURSOR.fullmatch(said):
        field = f"subscribe.{name}"
        raise InvalidField(f"'{field}' must be a cursor that an event came with, or null.", field=field)
    return events.read(said)


def _types(said: Any, *, for_all: bool) -> tuple[str, ...]:
    if said is None:
        return ()
    types = _texts(said, field="types")
    if len(types) > MOST_TYPES:
        raise InvalidField(f"'types' has more than {MOST_TYPES} entries.", field="types")
    unknown = next((one for one in types if not known(one)), None)
    if unknown is not None:
        raise InvalidField(f"'types' has '{unknown}', which is no type of event.", field="types")
    if for_all and not any(told_to_all(one) and wanted(types, one) for one in events.TYPES):
        raise InvalidField("'types' has none of those that '*' tells, which are session.* alone.", field="types")
    return types


def known(type_: str) -> bool:
    """Whether there are events of this type, or of this family (``message.*``; ``*`` is all)."""
    families = {f"{one.partition('.')[0]}.*" for one in events.TYPES}
    return type_ in events.TYPES or type_ in families or type_ == "*"


def _texts(said: Any, *, field: str) -> tuple[str, ...]:
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        raise InvalidField(f"'{field}' must be a list of texts.", field=field)
    return tuple(said)


def subscribed(session: Session, sent: str) -> str:
    """Return the answer to a subscription: how the session stands, and the cursor after which its events come.

    A session that a frame has no room for is told without its owner's words and its webhook, and has ``truncated`` and
    as ``url`` the path of the call that gives it.
    """
    stands = sessions.session(session)
    said = {"type": "subscribed", "session": session.id, "cursor": events.written(sent) if sent else None}
    whole = _json(**said, data=stands)
    if fits(whole):
        return whole
    short = {**stands, "metadata": {}, "webhook": None, "truncated": True, "url": f"/v1/sessions/{session.id}"}
    return _json(**said, data=short)


def subscribed_to_all() -> str:
    """Return the answer to a subscription to all sessions; how they stand is listed elsewhere."""
    return _json(type="subscribed", session=ALL, cursor=None, data=None)


def unsubscribed(session_id: str) -> str:
    """Return the answer to the end of a subscription."""
    return _json(type="unsubscribed", session=session_id)


def pong() -> str:
    """Return the answer to a ping."""
    return _json(type="pong")


def failed(error: GatewayError, *, session_id: str | None, now: int) -> str:
    """Return an error; about one session if it is."""
    told = answers.error(error, now=now, session_id=session_id)["error"]
    whole = _json(type="error", session=session_id, error=told)
    if fits(whole):
        return whole
    # What it repeats of the client's own frame is too long to be anything's name.
    brief = {"message": f"{told['message'][:LONGEST_SAID]}…", "field": None}
    return _json(type="error", session=None, error={**told, **brief})


def _json(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
