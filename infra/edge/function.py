"""The edge function's code, with the edge table written into it."""

import json
import re
from pathlib import Path
from typing import Final

from chalicelib.dialects import websocket_paths
from chalicelib.domain import edge
from chalicelib.domain.watchers import SOCKETIO

SOURCE: Final = Path(__file__).with_name("viewer_request.js")
PLACE: Final = '"{{EDGE}}"'
REST_ORIGIN: Final = "rest"
WEBSOCKET_ORIGIN: Final = "websocket"
WEBSOCKET_PATH: Final = "/api"
"""The WebSocket API's stage, which is all of its path."""
LIMIT: Final = 10_240
"""Bytes that CloudFront takes of a function."""


def function_code() -> str:
    """Return the JavaScript; raises ValueError where the table has grown over what CloudFront takes."""
    table = {
        "paths": [[_pattern(template), dialect] for template, dialect in websocket_paths()],
        "socketio": edge.SOCKETIO_PATH,
        "socketioDialect": SOCKETIO,
        "transport": list(edge.SOCKETIO_TRANSPORT),
        "reserved": sorted(edge.RESERVED_PARAMETERS),
        "dialectParameter": edge.DIALECT_PARAMETER,
        "sessionParameter": edge.SESSION_PARAMETER,
        "viewerHeader": edge.VIEWER_HEADER.lower(),
        "hostHeader": edge.HOST_HEADER.lower(),
        "handshakeHeader": edge.HANDSHAKE_HEADER.lower(),
        "restOrigin": REST_ORIGIN,
        "websocketOrigin": WEBSOCKET_ORIGIN,
        "websocketPath": WEBSOCKET_PATH,
    }
    code = SOURCE.read_text().replace(PLACE, json.dumps(table))
    if len(code.encode()) > LIMIT:
        raise ValueError(f"The edge function has {len(code.encode())} bytes, and CloudFront takes {LIMIT}.")
    return code


def _pattern(template: str) -> str:
    """Return the regular expression for a path template, the same in Python and in JavaScript."""
    literals = template.split("{id}")
    if len(literals) > 2 or not all(re.fullmatch("[A-Za-z0-9_/-]*", literal) for literal in literals):
        raise ValueError(f"{template} can't be said in the edge function.")
    return f"^{'([^/]+)'.join(literals)}/?$"
