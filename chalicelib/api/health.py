"""Whether the gateway answers at all; touches nothing behind it, so that a monitor costs nothing."""

from typing import Final, Literal, TypedDict

from chalicelib.api.answers import Answer
from chalicelib.api.auth import PUBLIC
from chalicelib.api.doorway import Call, Doorway
from chalicelib.dialects import bare as shapes


class HealthJson(TypedDict):
    """The gateway answers."""

    status: Literal["ok"]
    service: Literal["switchboard"]


doorway: Final = Doorway(__name__, shapes.error)


@doorway.route("GET", "/health", needs=PUBLIC, gives={200: HealthJson})
@doorway.route("GET", "/api/health", needs=PUBLIC, gives={200: HealthJson})
def health(call: Call) -> Answer:
    """Say that the gateway answers."""
    return Answer(HealthJson(status="ok", service="switchboard"))
