"""Examples of LetsBot's API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.description.samples import CODE, CREATED, MESSAGE, NOW, SESSION
from chalicelib.api.letsbot import routes
from chalicelib.dialects.letsbot import shapes as letsbot
from chalicelib.dialects.shared import Success

ANSWERS: Final[Mapping[Any, Any]] = {
    Success[letsbot.LetsBotCodeJson]: letsbot.code(CODE),
    Success[letsbot.LetsBotSessionJson]: letsbot.found(SESSION),
    Success[letsbot.LetsBotStatusJson]: letsbot.status(SESSION),
    Success[letsbot.LetsBotGoneJson]: letsbot.logged_out(CREATED, NOW),
    Success[letsbot.LetsBotReceiptJson]: letsbot.sent(MESSAGE),
}
BODIES: Final[tuple[msgspec.Struct, ...]] = (routes.LetsBotMessage("+628987654321", "Your order is on its way."),)
