"""How the gateway and a tenant's sessions stand, in one look: ``GET /status``, of seed 002's family."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.call import Call
from chalicelib.api.health import VERSION, uptime
from chalicelib.api.pages import MOST, sessions_after
from chalicelib.api.router import Router
from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.bare import sessions as bare_status
from chalicelib.domain.access import Permission

COUNTED: Final = 1_000
"""Sessions that are counted at most: each page of them costs two operations."""

router: Final = Router(__name__, bare.error, anonymous=True)


@router.route("GET", "/status", needs=Permission.SESSIONS_READ, gives={200: bare_status.BareStatusJson})
def status(call: Call) -> Answer:
    """Say how the gateway stands, and how many sessions stand how.

    A key that is bound to a session is told of that one alone.
    """
    asked = bootstrap.clock()
    found, after = sessions_after(call, None, limit=MOST)
    latency = bootstrap.clock() - asked
    while after is not None and len(found) < COUNTED:
        page, after = sessions_after(call, after, limit=MOST)
        found += page
    now = bootstrap.clock()
    counts = bare_status.counts(found, complete=after is None)
    shape = bare_status.status(counts, version=VERSION, uptime=uptime(now), latency=latency, now=now)
    return Answer(shape)
