"""The library's message and receipt events as what the gateway keeps of them; None for what isn't a message to anybody.

Reads whatsmeow's protobuf messages by field names and imports none of them. Direct chats come under a LID, with the
phone number beside it; a chat is named by its phone number where that is known, as it is when we write first.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from msgspec.structs import replace as changed

from chalicelib.domain.content import Context, Undecryptable, Withheld
from chalicelib.domain.jid import LIDS, USERS
from chalicelib.domain.messages import MessageStatus, Party
from chalicelib.services.messages.store import Received
from chalicelib.worker.whatsapp.client import Incoming, ReadElsewhere, ReceiptEvent
from chalicelib.worker.whatsapp.content import Found, Said, content

BROADCAST: Final = "broadcast"
_NUMBERS: Final = (USERS, "hosted")
_HIDDEN: Final = (LIDS, "hosted.lid")
"""The servers of numbers and of LIDs; a business that Meta hosts has its own."""

PhoneOf = Callable[[Any], str | None]
"""Looks up the phone number of a LID's JID in the client's store."""

ADMIN_REVOKE: Final = "8"
"""The ``edit`` of a stanza by which an administrator of a group deletes what another member wrote."""

_RECEIPTS: Final = {
    "DELIVERED": MessageStatus.DELIVERED,
    # Delivered to a device whose user isn't looking.
    "INACTIVE": MessageStatus.DELIVERED,
    "READ": MessageStatus.READ,
    "PLAYED": MessageStatus.READ,
}
"""Of the types of receipts those that others give for our messages; the rest goes between our own devices."""
_READ_ELSEWHERE: Final = frozenset({"READ", "READ_SELF"})
"""What another device of the account says it has read: the second where others aren't to know."""


def incoming(event: Any, phone_of: PhoneOf) -> Incoming | None:
    """Return a MessageEv's message, with where its file lies and what is sealed in it."""
    info, source = event.Info, event.Info.MessageSource
    said = Said(from_me=source.IsFromMe, group=source.IsGroup, by_admin=info.Edit == ADMIN_REVOKE)
    found = content(event.Message, said)
    if found and (event.IsViewOnce or event.IsViewOnceV2 or event.IsViewOnceV2Extension):
        found = replace(found, context=changed(found.context or Context(), view_once=True))
    received = _received(info, found, phone_of) if found else None
    if found is None or received is None:
        return None
    return Incoming(replace(received, retried=event.RetryCount > 0), found.file, found.sealed)


def undecryptable(event: Any, phone_of: PhoneOf) -> Incoming | None:
    """Return the message of an UndecryptableMessageEv; None where its sender asked that failures to read it be hidden.

    WhatsApp withholds some messages from linked devices, such as media that may be viewed once: those are Withheld,
    and never follow in a readable form. The others are Undecryptable, and may.
    """
    if event.DecryptFailMode == event.DECRYPT_FAIL_HIDE:
        return None
    received = _received(event.Info, Found(Withheld() if event.IsUnavailable else Undecryptable()), phone_of)
    return Incoming(received) if received else None


def unparsed(info: Any, phone_of: PhoneOf) -> Incoming | None:
    """Return a message of which nothing but its MessageInfo could be parsed."""
    received = _received(info, Found(Undecryptable()), phone_of)
    return Incoming(received) if received else None


def receipt(event: Any, phone_of: PhoneOf) -> ReceiptEvent | ReadElsewhere | None:
    """Return a ReceiptEv's receipt for what we sent, given by somebody else, or by another device of the account.

    The latter got a copy, so WhatsApp has the message; or it has read what came in.
    """
    kind, source, ids = event.ReceiptType.Name(event.Type), event.MessageSource, tuple(event.MessageIDs)
    if source.IsFromMe:
        if kind in _READ_ELSEWHERE:
            return ReadElsewhere(f"{source.Chat.User}@{source.Chat.Server}", ids)
        return ReceiptEvent(ids, MessageStatus.SENT) if kind == "SENDER" else None
    status, played = _RECEIPTS.get(kind), kind == "PLAYED"
    if status is None:
        return None
    if not source.IsGroup:
        return ReceiptEvent(ids, status, played=played)
    member = party_of((source.Sender, source.SenderAlt), "", phone_of)
    return ReceiptEvent(ids, status, member, max(event.Timestamp, 0) * 1000, played)


def _received(info: Any, found: Found, phone_of: PhoneOf) -> Received | None:
    source = info.MessageSource
    chat = source.Chat
    if info.Category == "peer" or chat.Server == "newsletter" or chat.User == "status":
        return None
    sender = party_of((source.Sender, source.SenderAlt), info.Pushname, phone_of)
    if chat.Server in {*_NUMBERS, *_HIDDEN}:
        beside = source.RecipientAlt if source.IsFromMe else source.SenderAlt
        party, otherwise = party_of((chat, beside), "", phone_of), chat
    elif chat.Server == BROADCAST and not source.IsFromMe:
        # A list is its owner's way of writing to many, each of whom answers in the chat with the owner.
        party, otherwise = sender, source.Sender
    else:
        party, otherwise = Party(), chat
    return Received(
        whatsapp_id=info.ID,
        chat=named(party, otherwise),
        sender=sender,
        at=max(info.Timestamp, 0),
        from_me=source.IsFromMe,
        content=found.content,
        context=found.context,
        chat_lid=f"{party.lid}@{LIDS}" if party.lid else None,
        secret=found.secret,
    )


def party_of(jids: Sequence[Any], name: str, phone_of: PhoneOf) -> Party:
    """Return whom JIDs of one person mean; a number that none of them tells is looked up."""
    phone = next((jid.User for jid in jids if jid.Server in _NUMBERS and jid.User), None)
    lid = next((jid for jid in jids if jid.Server in _HIDDEN and jid.User), None)
    if phone is None and lid is not None:
        phone = phone_of(lid)
    return Party(phone, lid.User if lid is not None else None, name or None)


def named(party: Party, otherwise: Any) -> str:
    """Return how a party is named; by the JID it came under if it is neither a phone number nor a LID, but a bot."""
    if party.phone:
        return f"{party.phone}@{USERS}"
    return f"{party.lid}@{LIDS}" if party.lid else f"{otherwise.User}@{otherwise.Server}"
