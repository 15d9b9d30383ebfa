"""Examples of LetsBot's API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.description.samples import CODE, CREATED, MESSAGE, NOW, SESSION
from chalicelib.api.letsbot import messages
from chalicelib.dialects.letsbot import shapes as letsbot
from chalicelib.dialects.shared import Success

ANSWERS: Final[Mapping[Any, Any]] = {
    Success[letsbot.LetsBotCodeJson]: letsbot.code(CODE),
    Success[letsbot.LetsBotSessionJson]: letsbot.found(SESSION),
    Success[letsbot.LetsBotStatusJson]: letsbot.status(SESSION),
    Success[letsbot.LetsBotGoneJson]: letsbot.logged_out(CREATED, NOW),
    Success[letsbot.LetsBotReceiptJson]: letsbot.sent(MESSAGE),
    Success[letsbot.LetsBotMessageJson]: letsbot.one(MESSAGE),
    Success[letsbot.LetsBotMessagesJson]: letsbot.many([MESSAGE], MESSAGE.id),
    Success[letsbot.LetsBotChatJson]: letsbot.told(MESSAGE.chat, "composing"),
    Success[letsbot.LetsBotPresenceJson]: letsbot.shown("composing", MESSAGE.chat),
}
_TO: Final = "+628987654321"
_FILE: Final = "https://example.com/menu"
BODIES: Final[tuple[msgspec.Struct, ...]] = (
    messages.LetsBotMessage(_TO, "Your order is on its way."),
    messages.LetsBotFile(_TO, f"{_FILE}.png", "Menu"),
    messages.LetsBotVoice(_TO, f"{_FILE}.ogg"),
    messages.LetsBotAudio(_TO, f"{_FILE}.mp3"),
    messages.LetsBotLocation(_TO, 48.2, 16.4),
    messages.LetsBotContact(_TO, "+4366012345", "Ben", "Deliveries"),
    messages.LetsBotReaction(_TO, "❤️", MESSAGE.id),
    messages.LetsBotReply(_TO, "See you!", MESSAGE.id),
    messages.LetsBotMention(_TO, "+628987654321"),
    messages.LetsBotDisappearing(_TO, "The code is 1234.", 86_400),
    messages.LetsBotDeletion(_TO, MESSAGE.id),
    messages.LetsBotTyping(_TO),
    messages.LetsBotPresence("composing", _TO),
    messages.LetsBotChat(_TO),
)
