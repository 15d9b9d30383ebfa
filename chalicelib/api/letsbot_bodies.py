"""What seed 000's requests may hold; its other calls have no parameters, and what comes with them isn't read."""

from typing import Annotated

import msgspec

from chalicelib.api.bodies import Digits
from chalicelib.domain.messages import MAX_TEXT


class LetsBotMessage(msgspec.Struct):
    """A message to send."""

    phone: Digits
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
