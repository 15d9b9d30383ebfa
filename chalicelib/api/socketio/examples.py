"""Examples of the Socket.IO API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.description.samples import MESSAGE, SESSION
from chalicelib.dialects.shared import Success
from chalicelib.dialects.socketio import frames, sessions

ANSWERS: Final[Mapping[Any, Any]] = {
    Success[frames.InitializingJson]: frames.initializing(SESSION.id),
    Success[sessions.ReconnectingJson]: sessions.reconnecting(SESSION.id),
    Success[sessions.StateJson]: sessions.state(SESSION),
    Success[sessions.AuthenticatedJson]: sessions.authenticated(SESSION),
    Success[sessions.WidJson]: sessions.wid(SESSION),
    sessions.SentJson: sessions.sent(MESSAGE),
}
BODIES: Final[tuple[msgspec.Struct, ...]] = ()
