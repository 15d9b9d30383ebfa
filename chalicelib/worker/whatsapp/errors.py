"""What goes wrong in sending, in keeping files and in asking, and which of it the client library's errors mean.

The library has one type of error and tells everything by its text: the texts here are those of the whatsmeow in
neonize 0.5.2. A text may name a number, so it goes no further than this module. Keys and devices are looked up before
a message is sent.
"""

import re
from typing import Final

from chalicelib.domain.jid import GROUPS, LIDS, NEWSLETTERS, USERS
from chalicelib.services.messages.outbox import UNAVAILABLE


class RecipientNotOnWhatsApp(Exception):
    """The recipient has no account; nothing was sent."""


class NotSent(Exception):
    """The connection broke before the message went out; it can be sent later."""


class SendRefused(Exception):
    """The message won't go out: ``code`` and ``sentence`` say why."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


class NotSendable(SendRefused):
    """The client library can't send a message of that type, or not to such a chat."""

    def __init__(self, content_type: str) -> None:
        super().__init__(
            "type_not_sendable", f"The WhatsApp client can't send messages of the type {content_type} there."
        )


class MediaFailed(SendRefused):
    """A file can't be sent or kept, however often it is tried: a ``FileTrouble`` as its code, and a ``sentence``.

    Neither names an address, a key or a file.
    """


class NoAnswer(Exception):
    """The message was handed to the connection, and WhatsApp's acknowledgement never came: nobody can tell.

    ``whatsapp_id`` is the id that it was sent under, where that is known: a receipt for it settles what became of it.
    """

    def __init__(self, whatsapp_id: str | None = None) -> None:
        super().__init__(whatsapp_id)
        self.whatsapp_id = whatsapp_id


_SEND_REFUSED: Final = re.compile(r"server returned error (\d+)")
_AFTERWARDS: Final = ("waiting for message send response", "before message send returned response")
_NO_CONNECTION: Final = (
    "websocket not connected",
    "frame socket is closed",
    "returned response",
    "info query timed out",
)
_BEFORE: Final = ("failed to get LID", "failed to get device list", "failed to marshal", "failed to encrypt")


NOT_IN_GROUP: Final = ("not_in_group", "The session's account isn't in the group.")
GROUP_NOT_FOUND: Final = ("group_not_found", "WhatsApp has no such group.")
CHANNEL_NOT_FOUND: Final = ("channel_not_found", "WhatsApp has no such channel.")
GROUP_FORBIDS: Final = (
    "group_forbids",
    "The group takes no messages of the account: only its admins may write, or the account isn't in it any more.",
)
_FORBIDDEN: Final = "403"
_NOT_FOUND: Final = "404"
_OF_GROUPS: Final = {
    # The library asks for the members before it sends; what the server says to that has these words.
    "not participating in that group": NOT_IN_GROUP,
    "that group does not exist": GROUP_NOT_FOUND,
}
_OF_CHATS: Final = {
    (GROUPS, _FORBIDDEN): GROUP_FORBIDS,
    (GROUPS, _NOT_FOUND): GROUP_NOT_FOUND,
    (NEWSLETTERS, _NOT_FOUND): CHANNEL_NOT_FOUND,
}


def unsent(error: str, to: str) -> Exception:
    """Return what the library's ``error`` for a message to the JID ``to`` means."""
    if "no LID found for" in error:
        return RecipientNotOnWhatsApp()
    if refusal := next((refusal for words, refusal in _OF_GROUPS.items() if words in error), None):
        return SendRefused(*refusal)
    if refused := _SEND_REFUSED.search(error):
        return _refusal(refused[1], to.rpartition("@")[2])
    if any(text in error for text in _AFTERWARDS):
        return NoAnswer()
    if any(text in error for text in _NO_CONNECTION):
        return NotSent()
    if any(text in error for text in _BEFORE):
        return SendRefused("not_sendable", "The WhatsApp client couldn't prepare the message.")
    return NoAnswer()


def _refusal(number: str, server: str) -> Exception:
    """Return what an error's number in an acknowledgement means, of a message to a JID of that server."""
    if number == _NOT_FOUND and server in {USERS, LIDS}:
        return RecipientNotOnWhatsApp()
    if refusal := _OF_CHATS.get((server, number)):
        return SendRefused(*refusal)
    if len(number) == 3 and number.startswith("5"):
        return SendRefused(UNAVAILABLE, f"WhatsApp couldn't take the message just then (error {number}).")
    return SendRefused("refused", f"WhatsApp refused the message (error {number}).")


class NoConnection(Exception):
    """There was no connection, or it broke before the answer: the question may be asked again."""


class WhatsAppRefused(Exception):
    """WhatsApp won't answer; ``sentence`` says so."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


COULD_NOT_ASK: Final = "The WhatsApp client couldn't ask."
_QUERY_REFUSED: Final = re.compile(r"info query returned status (\d+)")
_TOO_MUCH: Final = "429"


def unanswered(error: str) -> Exception:
    """Return what the library's ``error`` for a question means."""
    refused = _QUERY_REFUSED.search(error)
    if refused and refused[1] == _TOO_MUCH:
        return WhatsAppRefused("WhatsApp has been asked too much by this account (error 429).")
    if refused:
        return WhatsAppRefused(f"WhatsApp refused to answer (error {refused[1]}).")
    if any(text in error for text in _NO_CONNECTION):
        return NoConnection()
    return WhatsAppRefused(COULD_NOT_ASK)


_TIMER_FORBIDDEN: Final = (
    "group_forbids",
    "Only the group's admins may set its timer, or the account isn't in it any more.",
)
_OF_TIMERS: Final = {"401": _TIMER_FORBIDDEN, _FORBIDDEN: _TIMER_FORBIDDEN, "404": GROUP_NOT_FOUND}


def timer_not_set(error: str) -> Exception:
    """Return what the library's ``error`` for setting a group's timer means.

    Of all that is sent it alone is a question, which a server answers with a status.
    """
    refused = _QUERY_REFUSED.search(error)
    if refused and refused[1] in _OF_TIMERS:
        return SendRefused(*_OF_TIMERS[refused[1]])
    failure = unanswered(error)
    return SendRefused("refused", failure.sentence) if isinstance(failure, WhatsAppRefused) else NotSent()
