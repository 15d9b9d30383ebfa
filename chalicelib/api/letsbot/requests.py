"""The request bodies of LetsBot's API; its other calls have no parameters, and a body sent with them isn't read."""

import msgspec

from chalicelib.api.bodies import Digits, Text


class LetsBotMessage(msgspec.Struct):
    """A message to send."""

    phone: Digits
    body: Text
