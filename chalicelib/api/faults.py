"""What goes wrong on our side of a door: logged for us, without anything of the caller's, and told to the caller."""

import logging
import uuid
from typing import Final

from chalice.app import Request

from chalicelib.domain.errors import GatewayError, NotReady
from chalicelib.services.ports import Unavailable

_log: Final = logging.getLogger(__name__)


def busy(error: Unavailable) -> GatewayError:
    """Log what AWS couldn't do just now, and return what the caller is told of it."""
    _log.warning("a request had to be refused for now: %s", error)
    return NotReady("The gateway is busy.", hint="Try again.", retry_after=1)


def unexpected(request: Request) -> GatewayError:
    """Log what nobody foresaw, without the request's body, and return what the caller is told of it."""
    request_id = request.context.get("requestId") or str(uuid.uuid4())
    _log.exception("unexpected error in %s %s, request %s", request.method, request.path, request_id)
    return GatewayError(
        "Something went wrong on our side.",
        hint="Try again; if it stays, say the request id.",
        context={"request_id": request_id},
    )
