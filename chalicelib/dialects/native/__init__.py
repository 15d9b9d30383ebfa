"""The gateway's own words, for what no other family's clients expect: webhooks, so far."""

from typing import Final

from chalicelib.dialects.dialect import Dialect, WebhookWords
from chalicelib.dialects.native import webhook

WORDS: Final[WebhookWords] = webhook
DIALECT: Final = Dialect(name="native", webhook=WORDS)
