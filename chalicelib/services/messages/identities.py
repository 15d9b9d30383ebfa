"""Identities: which phone number and which LID belong to one person.

WhatsApp gives the LID of a person always and the number mostly, and knows some numbers in one of several written forms
only. Workers learn these pairs and keep them in the table, since functions can't ask the client library's own store; so
a person's messages are listed as one chat, whichever of the two addresses they came by.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from chalicelib.domain.jid import USERS, Identity, lid_in, phone_in
from chalicelib.domain.messages import Direction, Message
from chalicelib.domain.phone import forms
from chalicelib.services.ports import Clock
from chalicelib.services.ports.messages import IdentityStore

NOTED: Final = 10_000
"""People whom a process remembers having written down, or read, so that not every message does it again."""
REMEMBERED_FOR: Final = 600_000
"""Milliseconds for which a process goes by what it has read of somebody: numbers change hands seldom."""


@dataclass(slots=True)
class Identities:
    """What is known of the people that sessions write with."""

    store: IdentityStore
    clock: Clock
    _noted: OrderedDict[tuple[str, Identity, tuple[str, ...]], None] = field(default_factory=OrderedDict)
    _read: OrderedDict[tuple[str, str], tuple[Identity, int]] = field(default_factory=OrderedDict)

    def note(self, uid: str, identity: Identity, *, also: str | None = None) -> None:
        """Remember a person whose both names are known, or who was asked for by ``also``, another JID.

        Only what a JID doesn't tell itself is written (a number's LID, a LID's number, the forms of a number), and only
        what this process hasn't written yet. Raises Unavailable and Rejected.
        """
        known = dict.fromkeys((identity.phone_jid, identity.lid_jid, also))
        jids = tuple(jid for jid in known if jid and (_may_be_renamed(jid) or (phone_in(jid) and identity.lid)))
        key = uid, identity, jids
        if identity.phone is None or not jids or key in self._noted:
            return
        self.store.note(uid, jids, identity, now=self.clock())
        self._noted[key] = None
        if len(self._noted) > NOTED:
            self._noted.popitem(last=False)

    def of(self, uid: str, jid: str) -> Identity | None:
        """Return the identity that is known under the JID. Raises Unavailable and Rejected."""
        return self.store.find(uid, [jid], now=self.clock()).get(jid)

    def lately_of(self, uid: str, jid: str) -> Identity | None:
        """Return the identity that is known under the JID, as it was within the last ten minutes (``REMEMBERED_FOR``).

        What wasn't known is asked for anew. Raises Unavailable and Rejected.
        """
        now, read = self.clock(), self._read.get((uid, jid))
        if read and now < read[1] + REMEMBERED_FOR:
            return read[0]
        found = self.of(uid, jid)
        if found:
            self._read[uid, jid] = found, now
            if len(self._read) > NOTED:
                self._read.popitem(last=False)
        return found

    def forget(self, uid: str, jid: str) -> None:
        """Forget the identity of a JID that WhatsApp doesn't know any more. Raises Unavailable and Rejected."""
        self._read.pop((uid, jid), None)
        self._noted = OrderedDict((key, None) for key in self._noted if jid not in key[2])
        self.store.forget(uid, jid)

    def names(self, uid: str, jid: str) -> frozenset[str]:
        """Return the JIDs that mean the same chat as ``jid``, itself among them. Raises Unavailable and Rejected."""
        number = phone_in(jid)
        asked = [f"{form}@{USERS}" for form in forms(number)] if number else [jid]
        known = self.store.find(uid, asked, now=self.clock()).values() if number or lid_in(jid) else ()
        return frozenset([*asked, *(name for who in known for name in (who.phone_jid, who.lid_jid) if name)])

    def in_one_chat(self, uid: str, messages: Sequence[Message]) -> list[Message]:
        """Return the messages, each in the chat that its person's messages go by now. Raises Unavailable and Rejected.

        A message may be older than the knowledge of the person's number, or name another form of the number.
        """
        unsure = {message.chat for message in messages if _may_be_renamed(message.chat)}
        known = self.store.find(uid, sorted(unsure), now=self.clock()) if unsure else {}
        return [_renamed(message, known.get(message.chat)) for message in messages]


def _renamed(message: Message, who: Identity | None) -> Message:
    chat = (who.chat if who else None) or message.chat
    lid = message.chat_lid or (who.lid_jid if who else None) or (chat if lid_in(chat) else None) or _sender_lid(message)
    return message if (chat, lid) == (message.chat, message.chat_lid) else replace(message, chat=chat, chat_lid=lid)


def _sender_lid(message: Message) -> str | None:
    """Return the LID's JID of who is at the other end: messages of earlier versions have it as their sender's alone."""
    sender = message.sender
    direct = message.direction is Direction.INBOUND and sender is not None and sender.phone == phone_in(message.chat)
    return Identity(lid=sender.lid).lid_jid if direct and sender else None


def _may_be_renamed(jid: str) -> bool:
    number = phone_in(jid)
    return lid_in(jid) is not None or (number is not None and len(forms(number)) > 1)
