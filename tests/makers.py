"""Makers of values for tests: name what matters, the rest is sensible."""

from typing import Any

from chalicelib.domain.content import Text
from chalicelib.domain.media import KEPT, MediaFile, MediaState
from chalicelib.domain.messages import Direction, Message, MessageStatus
from chalicelib.domain.session import Desired, Device, QRCode, Session, Status

NOW = 1_800_000_000_000
"""The time at which tests begin, in milliseconds since the Unix epoch."""

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""A secret that webhooks are signed with."""

DEVICE = Device("6281234567890:1@s.whatsapp.net", "200000000000001:1@lid")


def a_code(**fields: Any) -> QRCode:
    """A code that can be scanned for another minute from NOW."""
    values: dict[str, Any] = {
        "code": "2@ref,noise,identity,secret,1",
        "image": "data:image/png;base64,iVBORw0KGgo=",
        "matrix": "101\n010\n101",
        "attempt": 1,
        "expires_at": NOW + 60_000,
    }
    return QRCode(**(values | fields))


def a_session(**fields: Any) -> Session:
    """A session that was just created; with a status that needs one, it also has a worker."""
    values: dict[str, Any] = {
        "tenant": "default",
        "id": "ana",
        "uid": "01JAVA0000000000000000000A",
        "created_at": NOW,
        "since": NOW,
    }
    return Session(**(values | fields))


def a_running_session(**fields: Any) -> Session:
    """A session that its owner wants running, served by the worker of its first claim."""
    values: dict[str, Any] = {
        "desired": Desired.RUNNING,
        "generation": 1,
        "requested_at": NOW,
        "status": Status.CONNECTED,
        "epoch": 1,
        "worker": "01JAVA0000000000000000000A-1",
        "mailbox": "https://queue/01JAVA-1",
        "claimed_at": NOW,
        "launches": 1,
        "version": 3,
    }
    return a_session(**(values | fields))


def a_message(**fields: Any) -> Message:
    """A message that the session of ``a_session`` was asked to send, and that its worker hasn't taken up.

    ``text`` is its text, ``content`` what it says if that is no text.
    """
    values: dict[str, Any] = {
        "uid": "01JAVA0000000000000000000A",
        "id": "01JMSG00000000000000000001",
        "tenant": "default",
        "session": "ana",
        "direction": Direction.OUTBOUND,
        "status": MessageStatus.QUEUED,
        "created_at": NOW,
        "chat": "628987654321@s.whatsapp.net",
        "to": "628987654321@s.whatsapp.net",
        "content": Text(fields.pop("text", "Kopi at nine?")),
    }
    return Message(**(values | fields))


def a_media_file(**fields: Any) -> MediaFile:
    """The record of a file that the session of ``a_session`` was told of, and that isn't there yet."""
    values: dict[str, Any] = {
        "uid": "01JAVA0000000000000000000A",
        "id": "md_01JFILE000000000000000000A",
        "tenant": "default",
        "session": "ana",
        "direction": Direction.OUTBOUND,
        "state": MediaState.PENDING,
        "created_at": NOW,
        "expires_at": NOW + KEPT,
    }
    return MediaFile(**(values | fields))
