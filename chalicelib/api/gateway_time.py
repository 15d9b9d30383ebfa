"""How long API Gateway waits for the answer to a call."""

from typing import Final

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.domain.errors import NotReady

GATEWAY_WAITS: Final = 29_000
"""Milliseconds from a request's arrival after which API Gateway answers 504 in the API's place (its own limit)."""
ANSWERED_IN: Final = 26_000
"""Milliseconds from its arrival after which a request waits for nothing more: the rest is for saying so."""


def answer_by(request: Request) -> int:
    """Return when the request has to be answered, in milliseconds since the Unix epoch.

    Raises NotReady, before anything was done, if that is over: a function that had to be started, or that had to wait
    for its turn, may get a request so late, and its caller would be told that it failed though it was carried out.
    """
    now = bootstrap.clock()
    came = request.context.get("requestTimeEpoch")
    # No clock but API Gateway's own says when it came; one that is ahead of ours changes nothing.
    arrived = min(came, now) if isinstance(came, int) else now
    if now >= arrived + ANSWERED_IN:
        raise NotReady("The gateway is busy.", hint="Nothing was done. Try again.", retry_after=1)
    return arrived + ANSWERED_IN
