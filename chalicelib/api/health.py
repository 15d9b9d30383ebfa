"""Whether the gateway answers at all; touches nothing behind it, so that a monitor costs nothing."""

from typing import Annotated, Final, Literal, TypedDict

from chalicelib import __version__, bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.auth import PUBLIC
from chalicelib.api.call import Call
from chalicelib.api.router import GATEWAY, Router
from chalicelib.dialects.bare import DIALECT
from chalicelib.dialects.shared import Moment, iso

VERSION: Final = __version__
_STARTED: Final = bootstrap.clock()


def uptime(now: int) -> int:
    """Return how many whole seconds it has been there. Functions come and go: this is one's age, not the gateway's."""
    return max(0, now - _STARTED) // 1000


class HealthJson(TypedDict):
    """The gateway answers."""

    status: Literal["ok"]
    service: Literal["switchboard"]
    timestamp: Moment
    uptime: Annotated[int, "Seconds that the function which answers has been there: functions come and go."]


router: Final = Router(__name__, DIALECT, tag=GATEWAY)


@router.route("GET", "/health", needs=PUBLIC, gives={200: HealthJson})
@router.route("GET", "/api/health", needs=PUBLIC, gives={200: HealthJson})
def health(call: Call) -> Answer:
    """Say that the gateway answers."""
    now = bootstrap.clock()
    return Answer(HealthJson(status="ok", service="switchboard", timestamp=iso(now), uptime=uptime(now)))
