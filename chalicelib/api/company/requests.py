"""The company API's request bodies. Its document names no fields: the usual names of such systems are all taken."""

from typing import Annotated

import msgspec

from chalicelib.api.fields import Digits, MessageText, text
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.messages import MOST_RECIPIENTS

# The bounds stand inside the union: they count the list's items, and None has none.
Numbers = Annotated[list[Digits], msgspec.Meta(min_length=1, max_length=MOST_RECIPIENTS)]


class CompanyMessage(msgspec.Struct):
    """A message to send: ``to`` or ``phone``, and ``text`` or ``message``; of two the first counts."""

    to: Digits | None = None
    phone: Digits | None = None
    text: MessageText | None = None
    message: MessageText | None = None

    @property
    def recipient(self) -> str:
        """The recipient; raises InvalidField where there is none."""
        return _given(self.to, self.phone, field="to")

    @property
    def said(self) -> str:
        """The text; raises InvalidField where there is none."""
        return text(_given(self.text, self.message, field="message"), field="message")


class CompanyBulk(msgspec.Struct):
    """One text to many: ``recipients`` or ``numbers``, and ``text`` or ``message``; of two the first counts."""

    recipients: Numbers | None = None
    numbers: Numbers | None = None
    text: MessageText | None = None
    message: MessageText | None = None

    @property
    def to(self) -> list[str]:
        """The recipients; raises InvalidField where there are none."""
        found = self.recipients or self.numbers
        if not found:
            raise InvalidField("'recipients' is missing.", field="recipients")
        return found

    @property
    def said(self) -> str:
        """The text; raises InvalidField where there is none."""
        return text(_given(self.text, self.message, field="message"), field="message")


def _given(*values: str | None, field: str) -> str:
    for value in values:
        if value is not None:
            return value
    raise InvalidField(f"'{field}' is missing.", field=field)
