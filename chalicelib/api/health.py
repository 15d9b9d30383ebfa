"""Whether the gateway answers at all; touches nothing behind it, so that a monitor costs nothing."""

from typing import Final

from chalicelib.api.answers import Answer
from chalicelib.api.auth import PUBLIC
from chalicelib.api.doorway import Call, Doorway
from chalicelib.dialects import bare as shapes

doorway: Final = Doorway(__name__, shapes.error)


@doorway.route("GET", "/health", needs=PUBLIC)
@doorway.route("GET", "/api/health", needs=PUBLIC)
def health(call: Call) -> Answer:
    """Say that it does."""
    return Answer({"status": "ok", "service": "switchboard"})
