"""Where a call came from: the address that login limits and connection limits count.

In the cloud API Gateway sees CloudFront, and X-Forwarded-For is whatever a client wrote with addresses added behind it.
So the edge tells the viewer's address in a header of its own, beside a proof: whoever calls API Gateway directly can
send the first but doesn't know the second. The name that was called comes the same way.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.config import settings
from chalicelib.domain.edge import HOST_HEADER, PROOF_HEADER, VIEWER_HEADER

_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


def address(context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return the caller's network address; ``context`` and ``headers`` are the event's, their names in any case."""
    sent = {name.lower(): value for name, value in headers.items()}
    viewer = sent.get(VIEWER_HEADER.lower())
    if viewer and _proven(sent.get(PROOF_HEADER.lower(), "")):
        return viewer
    source: str = context.get("identity", {}).get("sourceIp", "")
    return source


def called(context: Mapping[str, Any], headers: Mapping[str, str], path: str) -> str | None:
    """Return the gateway's address, as the caller of ``path`` has it: ``https://name``, without a slash at its end.

    None where the request has no name, or none that an address could have: a client may write there what it wants.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    named = sent.get(HOST_HEADER.lower())
    if named and _proven(sent.get(PROOF_HEADER.lower(), "")):
        return f"https://{named}" if _HOST.fullmatch(named) else None
    host, scheme = sent.get("host", ""), sent.get("x-forwarded-proto", "http")
    if not _HOST.fullmatch(host) or scheme not in {"http", "https"}:
        return None
    # Called without the edge, API Gateway has its stage before the path.
    stage = re.fullmatch(r"(/\w+)?" + re.escape(path), context.get("path", path))
    return f"{scheme}://{host}{(stage and stage[1]) or ''}"


def _proven(proof: str) -> bool:
    secret = settings().edge_secret
    return bool(secret) and hmac.compare_digest(proof.encode(), secret.encode())
