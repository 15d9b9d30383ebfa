"""What came in sealed by the secret of another message, opened: votes, reactions, comments, answers to events, edits.

The secret is the one that was kept with the item of that message, ours or theirs. What doesn't open is kept as it came,
and says that it can't be read.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from google.protobuf.message import DecodeError
from msgspec.structs import replace as changed

from chalicelib.domain.content import (
    LONGEST_NAME,
    Comment,
    Content,
    Edited,
    EventResponse,
    Poll,
    PollVote,
    Reaction,
    clipped,
)
from chalicelib.domain.jid import LIDS, USERS, lid_in
from chalicelib.domain.messages import Message, Party
from chalicelib.domain.session import Session
from chalicelib.services.messages.store import Inbox, Received
from chalicelib.wire.addons import Use, option_hash
from chalicelib.wire.proto import message_pb2 as wa
from chalicelib.worker.whatsapp.content import Said, content
from chalicelib.worker.whatsapp.sealed import Sealed, opened

_ANSWERS: Final = {1: "going", 2: "not_going", 3: "maybe"}
"""What one may answer to an event, by its number in ``EventResponseMessage``."""
_UNREADABLE: Final = (DecodeError, ValueError)


class Unsealer:
    """Opens what is said about messages that are in the table."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def open(self, session: Session, received: Received, sealed: Sealed) -> Received:
        """Return the message with what was sealed in it, unchanged if that can't be opened.

        Raises Unavailable and Rejected.
        """
        target = self._inbox.target(session, received)
        if target is None or target.secret is None or target.whatsapp_id is None:
            return received
        own = _own(session)
        speakers = own if received.from_me else _names(received.sender)
        writers = own if target.sender is None or _is_own(session, target) else _names(target.sender)
        if sealed.use is Use.MESSAGE_EDIT and not set(speakers) & set(writers):
            # All who got the message have its secret, and whoever wrote it alone may edit it.
            return received
        plain = opened(sealed, target.secret, target=target.whatsapp_id, authors=writers, speakers=speakers)
        told = _told(received.content, target.content, plain) if plain is not None else None
        return replace(received, content=told) if told else received


def _told(sealed: Content, target: Content, plain: bytes) -> Content | None:
    """Return what a content says, now that what was sealed in it is known; None for what can't be read all the same."""
    try:
        if isinstance(sealed, PollVote) and isinstance(target, Poll):
            chosen = set(wa.PollVoteMessage.FromString(plain).selectedOptions)
            options = tuple(option for option in target.options if option_hash(option) in chosen)
            return changed(sealed, options=options) if options or not chosen else None
        return _words_of(sealed, plain)
    except _UNREADABLE:
        return None


def _words_of(sealed: Content, plain: bytes) -> Content | None:
    """Return what a content says that needs nothing of its target's; raises what ``_UNREADABLE`` has."""
    match sealed:
        case Edited():
            return _edited(sealed, wa.Message.FromString(plain))
        case Reaction():
            emoji = clipped(wa.ReactionMessage.FromString(plain).text, LONGEST_NAME) or None
            return changed(sealed, emoji=emoji, removed=emoji is None)
        case Comment():
            told = content(wa.Message.FromString(plain), Said())
            return changed(sealed, body=told.content.text) if told else None
        case EventResponse():
            answer = wa.EventResponseMessage.FromString(plain)
            return changed(
                sealed, response=_ANSWERS.get(answer.response), guests=max(answer.extraGuestCount, 0) or None
            )
    return None


def _edited(sealed: Edited, message: wa.Message) -> Edited | None:
    """Return an edit: what it says now comes as an edit within the seal, or as the new message itself."""
    found = content(message, Said(proven=True))
    if found is None:
        return None
    new = found.content
    kind, body = (new.type_of_target, new.body) if isinstance(new, Edited) else (new.type, new.text)
    return changed(sealed, type_of_target=kind, body=body, encrypted=False)


def _names(party: Party) -> tuple[str, ...]:
    jids = (f"{party.lid}@{LIDS}" if party.lid else None, f"{party.phone}@{USERS}" if party.phone else None)
    return tuple(filter(None, jids))


def _own(session: Session) -> tuple[str, ...]:
    device = session.device
    if device is None:
        return ()
    return _names(Party(device.phone, _user(lid_in(device.lid))))


def _user(lid: str | None) -> str | None:
    """Return a LID without its device."""
    return lid.partition(":")[0] if lid else None


def _is_own(session: Session, message: Message) -> bool:
    """Whether the session's account wrote the message, here or on another of its devices."""
    return _any(_names(message.sender or Party()), _own(session))


def _any(names: Iterable[str], among: Iterable[str]) -> bool:
    return not set(names).isdisjoint(among)
