"""What requests about people and to people may hold, beyond a session's own send."""

import msgspec

from chalicelib.api.bodies import Digits, SendBody, SessionId


class CheckBody(msgspec.Struct):
    """Somebody to look up on WhatsApp: a phone number with its country code, or a person's JID."""

    number: Digits


class SendFromBody(SendBody):
    """A message to send, and the session to send it from: by its id, or by its phone number."""

    session_id: SessionId | None = None
    phone: Digits | None = None
