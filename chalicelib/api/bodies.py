"""What the bodies of several families are made of: types of fields, each with its bounds, and a message to send."""

from typing import Annotated

import msgspec

from chalicelib.domain.messages import MAX_TEXT, MAX_TEXT_BYTES
from chalicelib.reading import DigitText

Line = Annotated[str, msgspec.Meta(max_length=100)]
Digits = Annotated[DigitText, msgspec.Meta(description="A phone number with its country code; a JSON number will do.")]
SessionId = Annotated[
    DigitText,
    msgspec.Meta(description="Letters, digits, ``_``, ``.`` and ``-``, 64 at most; a JSON number will do."),
]
Name = Annotated[str, msgspec.Meta(max_length=100, description="A line of text, for people.")]
Phone = Annotated[DigitText, msgspec.Meta(description="With its country code; ``+`` or not.")]
Url = Annotated[str, msgspec.Meta(max_length=2048, description="A public https address.")]
Text = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_TEXT,
        description=f"Text, as people write it; besides, {MAX_TEXT_BYTES} bytes in UTF-8 at most.",
    ),
]


class SendBody(msgspec.Struct):
    """A message to send."""

    to: Annotated[DigitText, msgspec.Meta(description="A phone number with its country code, or a person's JID.")]
    message: Text
