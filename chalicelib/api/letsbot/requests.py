"""What seed 000's requests may hold; its other calls have no parameters, and what comes with them isn't read."""

import msgspec

from chalicelib.api.bodies import Digits, Text


class LetsBotMessage(msgspec.Struct):
    """A message to send."""

    phone: Digits
    body: Text
