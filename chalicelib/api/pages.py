"""One page of a tenant's sessions, as ``?limit=`` and ``?after=`` ask for it."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.doorway import Call
from chalicelib.api.fields import count, line
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.session import Session

MOST: Final = 100
"""Sessions that a page has at most, and if nobody asks for fewer."""


def page(call: Call) -> tuple[list[Session], str | None]:
    """Return the page, and the cursor to hand back as ``after`` if another follows."""
    limit = count(call.query("limit"), field="limit", default=MOST, most=MOST)
    after = call.query("after")
    if after is not None and (not after or len(line(after, field="after")) > 256):
        raise InvalidField("'after' must be a cursor that a page of this list gave.", field="after")
    return bootstrap.sessions().page(call.tenant, limit=limit, after=after)
