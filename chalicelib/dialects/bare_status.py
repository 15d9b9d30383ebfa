"""Seed 002's answer to ``GET /status``: the gateway, its database, and how many sessions stand how."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal, TypedDict

from chalicelib.dialects.bare import WORDS
from chalicelib.dialects.moments import Moment, iso
from chalicelib.domain.session import Session


class BareApiJson(TypedDict):
    """The gateway."""

    status: Literal["ok"]
    version: str
    uptime: Annotated[int, "Seconds that the function which answers has been there: functions come and go."]


class BareDatabaseJson(TypedDict):
    """The table."""

    status: Literal["connected"]
    latency: Annotated[int, "Milliseconds that the first page of sessions took."]


class BareCountsJson(TypedDict):
    """The tenant's sessions by their ``status``."""

    total: int
    connected: int
    pending: int
    disconnected: int
    failed: int
    complete: Annotated[bool, "False where there are more than the first 1,000, which are those that are counted."]


class BareStatusJson(TypedDict):
    """How the gateway stands, and the tenant's sessions."""

    api: BareApiJson
    database: BareDatabaseJson
    sessions: BareCountsJson
    timestamp: Moment


def counts(sessions: Iterable[Session], *, complete: bool) -> BareCountsJson:
    """Return how many of the sessions stand how; ``complete`` if they are all that there are."""
    found = Counter(WORDS[of.status] for of in sessions)
    return {
        "total": found.total(),
        "connected": found["connected"],
        "pending": found["pending"],
        "disconnected": found["disconnected"],
        "failed": found["failed"],
        "complete": complete,
    }


def status(of: BareCountsJson, *, version: str, uptime: int, latency: int, now: int) -> BareStatusJson:
    """Return the whole; ``uptime`` is in seconds, ``latency`` in milliseconds."""
    return {
        "api": {"status": "ok", "version": version, "uptime": uptime},
        "database": {"status": "connected", "latency": latency},
        "sessions": of,
        "timestamp": iso(now),
    }
