"""The native API's chats, under ``/v1/sessions/{id}/chats``: kept beside the messages, so nobody asks WhatsApp."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.native.messages import CURSOR
from chalicelib.api.pages import MESSAGES
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import messages as shapes
from chalicelib.dialects.native.answers import NativePageJson, page
from chalicelib.domain import sending as rules
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import NotPossible
from chalicelib.services.messages.chats import ChatEntry

router: Final = Router(__name__, DIALECT)


@router.route(
    "GET",
    "/v1/sessions/{id}/chats",
    needs=Permission.MESSAGES_READ,
    gives={200: NativePageJson[shapes.NativeChatJson]},
    takes=(MESSAGES, CURSOR),
)
def index(call: Call, name: str) -> Answer:
    """List the session's chats, the one with the newest message first.

    A chat is listed for 30 days after its newest message; up to 10,000 are.
    """
    limit, cursor = call.read(MESSAGES), call.read(CURSOR)
    found, following = bootstrap.chat_list().page(call.tenant, name, limit=limit, cursor=cursor)
    return Answer(page([_shape(one) for one in found], following))


def _shape(of: ChatEntry) -> shapes.NativeChatJson:
    return shapes.chat(of.jid, lid=of.lid, name=of.chat.name, unread=of.unread, last=of.last)


def _impossible(word: str) -> None:
    """Declare that something can't be done with a chat."""

    def refuse(call: Call, name: str, chat_id: str) -> Answer:
        bootstrap.sessions().get(call.tenant, name)
        raise rules.not_possible(f"{word}_chat")

    refuse.__name__ = f"{word}_chat"
    refuse.__doc__ = f"{word.capitalize()} a chat: not possible, which is answered 501."
    path = f"/v1/sessions/{{id}}/chats/{{chat_id}}/{word}"
    router.route("PUT", path, needs=Permission.MESSAGES_SEND, refuses=(NotPossible,))(refuse)


for _word in ("pin", "mute", "archive"):
    _impossible(_word)
