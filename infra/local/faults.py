"""Faults of the local AWS, as tests and curious developers ask for them: the table answers nobody for a while."""

import json
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from aiohttp import web

from infra.local.calls import CallRecorder, control_routes
from infra.local.iam.callers import OPERATOR, WORKER
from infra.local.latencies import NO_LATENCIES, Latencies, latency_routes

LONGEST_S: Final = 3_600


class CutOff(StrEnum):
    """Whom the table doesn't answer: the workers alone, or the functions as well."""

    WORKERS = "workers"
    EVERYBODY = "everybody"


class TableOutage:
    """A time in which the table answers 503 to some of its callers, never to the stack itself.

    ``caller_of`` tells the caller from a request's ``Authorization``.
    """

    def __init__(
        self, caller_of: Callable[[str], str | None], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._caller_of = caller_of
        self._monotonic = monotonic
        self._ends = monotonic()
        self._callers = CutOff.EVERYBODY

    def begin(self, seconds: float, callers: CutOff) -> None:
        """Refuse ``callers`` from now on, for so many seconds; 0 ends an outage that goes on."""
        self._callers = callers
        self._ends = self._monotonic() + seconds

    def refuses(self, authorization: str, target: str) -> bool:
        """Whether a request with those headers is one that isn't answered now."""
        if self._monotonic() >= self._ends or not target.startswith("DynamoDB_"):
            return False
        caller = self._caller_of(authorization)
        return caller == WORKER if self._callers is CutOff.WORKERS else caller != OPERATOR


def control_app(
    table: TableOutage, recorder: CallRecorder | None = None, latencies: Latencies = NO_LATENCIES
) -> web.Application:
    """Return the routes by which faults are injected, and calls and delays told of. Not AWS's: no client knows them."""

    async def begin(request: web.Request) -> web.Response:
        try:
            fields = json.loads(await request.text() or "{}")
            seconds, callers = _seconds(fields), CutOff(fields.get("callers", CutOff.EVERYBODY))
        except (ValueError, AttributeError):
            sentence = f"'seconds' must be a number from 0 to {LONGEST_S}, and 'callers' one of {', '.join(CutOff)}."
            return web.json_response({"message": sentence}, status=400)
        table.begin(seconds, callers)
        return web.json_response({"seconds": seconds, "callers": callers})

    app = web.Application()
    app.router.add_post("/faults/table", begin)
    if recorder is not None:
        app.router.add_routes(control_routes(recorder))
    app.router.add_routes(latency_routes(latencies))
    return app


def _seconds(fields: dict[str, Any]) -> float:
    seconds = fields.get("seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST_S:
        raise ValueError
    return seconds
