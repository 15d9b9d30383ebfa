"""The Socket.IO API: events over ``/socket.io``, and calls beside it that start a session and ask how it stands.

The calls lie under ``/api/sessions``, and are answered in the envelope; ``/socket.io`` answers in Engine.IO's words.
"""

from typing import Final

from chalicelib.dialects.dialect import Dialect, Tag, WebSockets
from chalicelib.dialects.socketio import frames
from chalicelib.dialects.socketio.sessions import engine_error
from chalicelib.domain.edge import SOCKETIO_PATH
from chalicelib.domain.watchers import SOCKETIO

DIALECT: Final = Dialect(
    name=SOCKETIO,
    prefixes=(SOCKETIO_PATH,),
    tag=Tag("Socket.IO", "Start a session by a call, and hear of its QR codes and statuses by Socket.IO."),
    error=engine_error,
    websockets=WebSockets(
        (f"{SOCKETIO_PATH}/?transport=websocket",),
        "Socket.IO 4, also as the upgrade of a polling client: `join-session` with a session's id, then `qr-code`, "
        "`status-update` and `session-complete`.",
    ),
    frames=frames,
    rooms=True,
    lost_after=frames.LASTING,
)
