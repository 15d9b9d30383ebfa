"""The native API's caller: a client that was given a credential asks what it may do with it."""

from typing import Final

from chalicelib.api.call import Answer, Call
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import me as shapes
from chalicelib.domain.access import Permission

router: Final = Router(__name__, DIALECT)


@router.route("GET", "/v1/me", needs=Permission.SESSIONS_READ, gives={200: shapes.NativeCallerJson})
def show(call: Call) -> Answer:
    """Say who calls, and what the credential may do: a page shows nobody a button that would be refused."""
    return Answer(shapes.caller(call.caller))
