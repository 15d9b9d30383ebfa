"""The native API's messages, under ``/v1/sessions/{id}/messages``, and what else others are shown of an account.

A message is accepted and answered at once, 202 with the status ``queued``; what becomes of it is told by events. Who
wants to wait for it says so by ``?wait=`` or ``Prefer: wait=``, and is answered 200 once WhatsApp has it. An edit, a
deletion and a reaction are messages of their own.
"""

import re
from typing import Annotated, Final, Literal, TypedDict

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import MessageText, existing_message, line, text
from chalicelib.api.native import drafts
from chalicelib.api.native.drafts import NativeDraft, NativeTo
from chalicelib.api.outgoing import ACKNOWLEDGED, OF_FILES, UNSENT, UNTOLD, called, own_key
from chalicelib.api.pages import MESSAGES, message_cursor
from chalicelib.api.parameters import IDEMPOTENCY_KEY, Parameter, one_of, seconds
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import messages as shapes
from chalicelib.dialects.native.answers import NativePageJson, page
from chalicelib.domain import sending as rules
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    DeleteTooLate,
    EditTooLate,
    InvalidField,
    MentionNotInText,
    MessageDeleted,
    MessageNotFound,
    MessageNotSent,
    NotACall,
    NotEditable,
    NotForwardable,
    NotPossible,
    NotReceived,
    NotYourMessage,
    PollNotFound,
    PollSecretMissing,
    QuotedMessageNotFound,
)
from chalicelib.domain.jid import chat_name
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.questions import Composing
from chalicelib.services.messages.sending import How, Wish
from chalicelib.services.messages.store import Wanted

router: Final = Router(__name__, DIALECT)
_LOOK, _SEND = Permission.MESSAGES_READ, Permission.MESSAGES_SEND
LONGEST_WAIT: Final = 20.0
"""Seconds that a call waits at most for its message to go out."""
_ABOUT: Final = (MessageNotSent, MessageDeleted)
_ONE: Final = {200: shapes.NativeMessageJson, 202: shapes.NativeMessageJson}

WAIT: Final = seconds(
    "wait", "How long to wait until the message has gone out; 0: not at all.", default=0, most=LONGEST_WAIT
)


def _preferred(value: str | None) -> float:
    """Return the seconds of ``wait=`` in a Prefer header (RFC 7240), 0 if there are none."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", value or "", re.ASCII | re.IGNORECASE)
    return min(float(found[1]), LONGEST_WAIT) if found else 0.0


PREFER: Final[Parameter[float]] = Parameter(
    "Prefer",
    "``wait=`` and a number of seconds, as ``wait`` in the query.",
    _preferred,
    {"type": "string", "examples": ["wait=5"]},
    header=True,
)
_SENDS: Final = (WAIT, PREFER, IDEMPOTENCY_KEY)

CURSOR: Final = message_cursor("cursor", "The ``next_cursor`` that the page before gave.")
CHAT: Final = Parameter(
    "chat_id",
    "Only the messages of one chat: a JID, or a person's phone number.",
    lambda value: None if value is None else chat_name(value, field="chat_id"),
    {"type": "string", "examples": ["628987654321@s.whatsapp.net", "200000000000001@lid", "120363020310020819@g.us"]},
)
_ANY: Final = "any"
DIRECTION: Final = one_of("direction", "Only those that go this way.", (*map(str, Direction), _ANY), default=_ANY)
TYPE: Final = one_of("type", "Only those of this type.", (*shapes.TYPES, _ANY), default=_ANY)
ORDER: Final = one_of("order", "In which order.", ("newest_first", "oldest_first"), default="newest_first")


def how(call: Call, client_ref: str | None = None) -> How:
    """Return with which key the request comes, how long it waits, and its caller's own word for the message."""
    ref = line(client_ref, field="client_ref") if client_ref is not None else None
    return How(own_key(call), call.read(WAIT) or call.read(PREFER), ref)


def _accepted(message: Message, name: str, *, follows: Message | None = None) -> Answer:
    """Return the answer with a message that was sent, or that is changed by what was (``follows``)."""
    status = 200 if (follows or message).status in ACKNOWLEDGED else 202
    location = f"/v1/sessions/{name}/messages/{(follows or message).id}"
    return Answer(shapes.message(message), status=status, headers={"Location": location})


@router.route(
    "POST",
    "/v1/sessions/{id}/messages",
    needs=_SEND,
    gives=_ONE,
    refuses=(
        *UNSENT,
        MentionNotInText,
        MessageNotFound,
        QuotedMessageNotFound,
        NotForwardable,
        PollNotFound,
        PollSecretMissing,
        NotPossible,
        *_ABOUT,
        *OF_FILES,
    ),
    takes=_SENDS,
)
def send(call: Call, name: str, body: NativeDraft) -> Answer:
    """Send a message; 202 unless the call waited until WhatsApp had it."""
    return _accepted(_sent(call, name, body), name)


def _sent(call: Call, name: str, body: NativeDraft) -> Message:
    sending, tenant, made = bootstrap.sending(), call.tenant, how(call, getattr(body, "client_ref", None))
    match body:
        case drafts.NativeReactionDraft(reaction=said):
            return sending.react(tenant, name, said.message_id, said.emoji, made, field="reaction.emoji")
        case drafts.NativePollVoteDraft(poll_vote=said):
            return sending.vote(tenant, name, said.message_id, said.options, made)
        case drafts.NativeForwardDraft(forward=said):
            to, field = drafts.jid(body.to), "forward.message_id"
            with called(message_id=field, media_id=field, link=field):
                return sending.forward(tenant, name, said.message_id, to, made)
        case drafts.NativeTimerDraft():
            return sending.send(tenant, name, Wish(drafts.jid(body.to), drafts.content(body)), made)
        case drafts.Replying():
            wish = Wish(drafts.jid(body.to), drafts.content(body), body.reply_to, tuple(body.mentions))
            return sending.send(tenant, name, wish, made)
        case _:
            raise rules.not_possible(str(type(body).__struct_config__.tag), field="type")


@router.route(
    "GET",
    "/v1/sessions/{id}/messages",
    needs=_LOOK,
    gives={200: NativePageJson[shapes.NativeMessageJson]},
    takes=(MESSAGES, CURSOR, CHAT, DIRECTION, TYPE, ORDER),
)
def index(call: Call, name: str) -> Answer:
    """List the session's messages.

    Where only some of them are asked for, a page may be short, or empty, and yet another follow.
    """
    direction, kind = call.read(DIRECTION), call.read(TYPE)
    wanted = Wanted(
        call.read(MESSAGES),
        cursor=call.read(CURSOR),
        newest_first=call.read(ORDER) == "newest_first",
        chat=call.read(CHAT),
        direction=None if direction == _ANY else Direction(direction),
        type=None if kind == _ANY else kind,
    )
    found, cursor = bootstrap.messages().listed(call.tenant, name, wanted)
    return Answer(page([shapes.message(one) for one in found], cursor))


@router.route("GET", "/v1/sessions/{id}/messages/{message_id}", needs=_LOOK, gives={200: shapes.NativeMessageJson})
def show(call: Call, name: str, message_id: str) -> Answer:
    """Give one message."""
    return Answer(shapes.message(bootstrap.messages().get(call.tenant, name, existing_message(message_id))))


class NativeWords(msgspec.Struct, forbid_unknown_fields=True):
    """What a message is to say."""

    body: MessageText


class NativeEdit(msgspec.Struct, forbid_unknown_fields=True):
    """An edit: ``text`` takes the place of a text's body, or of a caption."""

    text: NativeWords


@router.route(
    "PATCH",
    "/v1/sessions/{id}/messages/{message_id}",
    needs=_SEND,
    gives=_ONE,
    refuses=(*UNSENT, *_ABOUT, EditTooLate, NotYourMessage, NotEditable),
    takes=_SENDS,
)
def edit(call: Call, name: str, message_id: str, body: NativeEdit) -> Answer:
    """Have a message say something else, for 15 minutes after it was sent.

    The answer is the message; ``edited_by`` and Location name the one that edits it.
    """
    words = text(body.text.body, field="text.body")
    return _changed(
        call, name, bootstrap.sending().edit(call.tenant, name, existing_message(message_id), words, how(call))
    )


@router.route(
    "DELETE",
    "/v1/sessions/{id}/messages/{message_id}",
    needs=_SEND,
    gives=_ONE,
    refuses=(*UNSENT, *_ABOUT, DeleteTooLate, NotYourMessage),
    takes=_SENDS,
)
def delete(call: Call, name: str, message_id: str) -> Answer:
    """Delete a message for everybody, for 60 hours after it was sent; in groups, administrators others' too.

    The answer is the message, ``revoking`` or ``revoked``; ``deleted_by`` and Location name the one that deletes it.
    """
    return _changed(call, name, bootstrap.sending().delete(call.tenant, name, existing_message(message_id), how(call)))


def _changed(call: Call, name: str, change: Message) -> Answer:
    message = bootstrap.messages().get(call.tenant, name, change.about or "")
    return _accepted(rules.marked(message, change), name, follows=change)


class NativeEmoji(msgspec.Struct, forbid_unknown_fields=True):
    """A reaction."""

    emoji: drafts.Emoji


_REACTED: Final = (*UNSENT, *_ABOUT)


@router.route(
    "PUT",
    "/v1/sessions/{id}/messages/{message_id}/reaction",
    needs=_SEND,
    gives=_ONE,
    refuses=_REACTED,
    takes=_SENDS,
)
def react(call: Call, name: str, message_id: str, body: NativeEmoji) -> Answer:
    """React to a message, in the place of the reaction before; the answer is the reaction."""
    return _reacted(call, name, message_id, body.emoji)


@router.route(
    "DELETE",
    "/v1/sessions/{id}/messages/{message_id}/reaction",
    needs=_SEND,
    gives=_ONE,
    refuses=_REACTED,
    takes=_SENDS,
)
def take_back(call: Call, name: str, message_id: str) -> Answer:
    """Take the reaction to a message back; the answer is a reaction that is ``removed``."""
    return _reacted(call, name, message_id, "")


def _reacted(call: Call, name: str, message_id: str, emoji: str) -> Answer:
    known = existing_message(message_id)
    return _accepted(bootstrap.sending().react(call.tenant, name, known, emoji, how(call)), name)


class NativeRead(msgspec.Struct, forbid_unknown_fields=True):
    """How a message was read."""

    played: Annotated[bool, msgspec.Meta(description="It is a voice message or a video, and was played.")] = False


@router.route(
    "POST",
    "/v1/sessions/{id}/messages/{message_id}/read",
    needs=_SEND,
    gives={200: shapes.NativeReadJson},
    refuses=(*UNTOLD, NotReceived),
)
def read(call: Call, name: str, message_id: str, body: NativeRead) -> Answer:
    """Mark a message as read, and up to 99 unread ones before it in its chat; one that was played, alone."""
    known = existing_message(message_id)
    message, unread = bootstrap.signals().mark_read(call.tenant, name, known, played=body.played)
    return Answer(shapes.read(message, unread))


@router.route(
    "POST",
    "/v1/sessions/{id}/messages/{message_id}/reject",
    needs=_SEND,
    gives={200: shapes.NativeMessageJson},
    refuses=(*UNTOLD, NotACall),
)
def reject(call: Call, name: str, message_id: str) -> Answer:
    """Reject the call that a message of the type ``call`` tells of."""
    return Answer(shapes.message(bootstrap.signals().reject_call(call.tenant, name, existing_message(message_id))))


@router.route(
    "GET",
    "/v1/sessions/{id}/messages/{message_id}/receipts",
    needs=_LOOK,
    gives={200: NativePageJson[shapes.NativeReceiptJson]},
)
def receipts(call: Call, name: str, message_id: str) -> Answer:
    """List how far a message has come with each recipient of whom WhatsApp has told: in a group, each member."""
    found = bootstrap.messages().receipts(call.tenant, name, existing_message(message_id))
    return Answer(page([shapes.receipt(one) for one in found], None))


class NativePresence(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What others are shown of the account."""

    state: Annotated[
        Literal["online", "offline", "typing", "recording", "paused"],
        msgspec.Meta(
            description="``typing``, ``recording`` and ``paused`` are shown in the chat ``to`` for some seconds."
        ),
    ]
    to: NativeTo | None = None


class NativePresenceJson(TypedDict):
    """What others are shown of the account."""

    state: str
    chat_id: Annotated[str | None, "The chat in which that is shown; null for the whole account."]


@router.route(
    "POST",
    "/v1/sessions/{id}/presence",
    needs=_SEND,
    gives={200: NativePresenceJson},
    refuses=UNTOLD,
)
def presence(call: Call, name: str, body: NativePresence) -> Answer:
    """Show the account typing or recording in a chat, or online; WhatsApp shows typing only of who is online."""
    signals, everywhere = bootstrap.signals(), body.state in {"online", "offline"}
    if everywhere and body.to is not None:
        raise InvalidField(f"'{body.state}' is shown to everybody, not in one chat.", field="to")
    if not everywhere and body.to is None:
        raise InvalidField("'to' is missing: typing is shown in one chat.", field="to")
    chat = drafts.jid(body.to) if body.to else None
    if chat is None:
        signals.show_online(call.tenant, name, online=body.state == "online")
    else:
        signals.show_typing(call.tenant, name, chat, Composing(body.state))
    return Answer({"state": body.state, "chat_id": chat})


@router.route("PUT", "/v1/sessions/{id}/messages/{message_id}/star", needs=_SEND, refuses=(NotPossible,))
def star(call: Call, name: str, message_id: str) -> Answer:
    """Star a message: not possible, which is answered 501."""
    bootstrap.messages().get(call.tenant, name, existing_message(message_id))
    raise rules.not_possible("star")
