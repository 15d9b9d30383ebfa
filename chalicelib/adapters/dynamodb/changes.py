"""The table's stream: records as the events that they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.adapters.dynamodb.formats import readable
from chalicelib.adapters.dynamodb.messages import from_item as message_from_item
from chalicelib.adapters.dynamodb.redriven import from_item as redriven_from_item
from chalicelib.adapters.dynamodb.sessions import from_item
from chalicelib.adapters.dynamodb.values import plain
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.messages import Message
from chalicelib.domain.reasons import Reason, sentence
from chalicelib.domain.session import Session


@dataclass(frozen=True, slots=True)
class Change:
    """One stream record: its ``sequence`` number (to report it failed by), the session's uid, and the event it is."""

    sequence: str
    uid: str
    event: Envelope | None


def change(record: Mapping[str, Any]) -> Change:
    """Return what a record of the session's partition says."""
    stream = record["dynamodb"]
    sequence = stream["SequenceNumber"]
    uid = stream["Keys"]["pk"]["S"].removeprefix("S#")
    removed = record["eventName"] == "REMOVE"
    image = stream.get("OldImage" if removed else "NewImage", {})
    kind = stream["Keys"]["sk"]["S"]
    cursor = _cursor(record["eventSourceARN"], sequence)
    if kind.startswith("M#") and image and not removed:
        if _event_id(stream.get("OldImage")) == _event_id(image):
            # Written anew though nothing happened: it left the index of what is due.
            return Change(sequence, uid, None)
        return Change(sequence, uid, _message_event(message_from_item(readable(plain(image))), cursor))
    if kind.startswith("E#") and image and not removed:
        return Change(sequence, uid, redriven_from_item(readable(plain(image)), cursor))
    if kind != "SESSION" or not image:
        return Change(sequence, uid, None)
    session = from_item(readable(plain(image)))
    at = int(stream.get("ApproximateCreationDateTime", 0) * 1000)
    return Change(sequence, uid, _deleted(session, cursor, at) if removed else _event(session, cursor))


def _event_id(image: Mapping[str, Any] | None) -> Any:
    event = (image or {}).get("last_event")
    return plain({"event": event})["event"].get("id") if event else None


def _event(session: Session, cursor: str) -> Envelope | None:
    last = session.last_event
    if last is None:
        return None
    return Envelope(last.id, last.type, session.tenant, session.id, session.uid, last.at, cursor, last.data)


def _message_event(message: Message, cursor: str) -> Envelope | None:
    last = message.last_event
    if last is None:
        return None
    return Envelope(
        last.id, last.type, message.tenant, message.session, message.uid, last.at, cursor, last.data, message
    )


def _deleted(session: Session, cursor: str, at: int) -> Envelope:
    data: dict[str, Any] = {"status": "DELETED"}
    if session.reason == Reason.UNLINK_UNCONFIRMED:
        data |= {"reason": str(session.reason), "message": sentence(session.reason)}
    return Envelope(f"{session.uid}-deleted", DELETED, session.tenant, session.id, session.uid, at, cursor, data)


def _cursor(stream_arn: str, sequence: str) -> str:
    """Sorts as the log does: a new stream's label is a later time, sequence numbers grow within a stream's shard."""
    return f"{stream_arn.rpartition('/')[2]}#{sequence:0>40}"
