"""Where a call came from: the address that login limits and connection limits count.

In the cloud API Gateway sees CloudFront, and X-Forwarded-For is whatever a client wrote with addresses added behind it.
So the edge tells the viewer's address in a header of its own, beside a proof: whoever calls API Gateway directly can
send the first but doesn't know the second.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from chalicelib.config import settings
from chalicelib.domain.edge import PROOF_HEADER, VIEWER_HEADER


def address(context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return the caller's network address; ``context`` and ``headers`` are the event's, their names in any case."""
    sent = {name.lower(): value for name, value in headers.items()}
    viewer = sent.get(VIEWER_HEADER.lower())
    if viewer and _proven(sent.get(PROOF_HEADER.lower(), "")):
        return viewer
    source: str = context.get("identity", {}).get("sourceIp", "")
    return source


def _proven(proof: str) -> bool:
    secret = settings().edge_secret
    return bool(secret) and hmac.compare_digest(proof.encode(), secret.encode())
