"""Files of messages: where a caller reads them, and the answer that leads there."""

from typing import Final
from urllib.parse import urlsplit

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.domain.errors import MediaExpired, MediaNotFound, MediaNotReady
from chalicelib.domain.media import MediaFile
from chalicelib.services.media import ReadAddress, must_be_there

UNREAD: Final = (MediaNotFound, MediaNotReady, MediaExpired)
"""Why a file may not be read."""


def address_of(call: Call, file: MediaFile) -> ReadAddress | None:
    """Return where the caller can read a file, None if its bytes aren't there."""
    address = bootstrap.media().address(file)
    return address and ReadAddress(_at_the_edge(call, address.url), address.expires_at)


def lead_to_file(call: Call, session_id: str, media_id: str) -> Answer:
    """Return the answer that leads to a file of a session; raises SessionNotFound and what ``UNREAD`` has."""
    file = bootstrap.media().get(call.tenant, session_id, media_id)
    address = address_of(call, must_be_there(file, now=bootstrap.clock(), field="media_id"))
    if address is None:
        raise MediaExpired("The file isn't kept any more.", field="media_id")
    return Answer(b"", status=302, headers={"Location": address.url})


def _at_the_edge(call: Call, url: str) -> str:
    """Return an address of the bucket's as one of the gateway's, which adds what the bucket can't say.

    The edge leads ``/media/*`` to the bucket, whose keys begin so, and forbids that what is there runs as a page. Who
    came to the gateway without the edge gets the bucket's own address, another origin.
    """
    parts = urlsplit(url)
    at = parts.path.find("/media/")
    return f"{call.edge}{parts.path[at:]}?{parts.query}" if call.edge and at >= 0 else url
