"""Whom a message goes to: the form of a number that WhatsApp knows, and the chat that the person's messages go by."""

from contextlib import suppress
from dataclasses import dataclass, replace

from chalicelib.domain.jid import USERS, Identity, lid_in, phone_in
from chalicelib.domain.messages import Message
from chalicelib.domain.phone import forms
from chalicelib.domain.questions import Contact
from chalicelib.services.messages.identities import Identities
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.worker.log import Log
from chalicelib.worker.whatsapp.client import Client
from chalicelib.worker.whatsapp.errors import NoConnection, RecipientNotOnWhatsApp


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person: ``jid`` is what the client is given, ``identity`` both names as far as they are known."""

    jid: str
    identity: Identity

    def addressed(self, message: Message) -> Message:
        """Return the message in the chat with that person."""
        chat, lid = self.identity.chat, self.identity.lid_jid
        return replace(message, chat=chat or message.chat, chat_lid=lid or message.chat_lid)


class Recipients:
    """Finds out who is meant, from the client's own store, from what is remembered, or from WhatsApp.

    What can't be read or written just now costs another question later, never a message.
    """

    def __init__(self, uid: str, identities: Identities, log: Log) -> None:
        self._uid = uid
        self._identities = identities
        self._log = log

    def of(self, client: Client, jid: str) -> Recipient:
        """Return whom a JID means; WhatsApp is asked about numbers that have several forms, once.

        Raises NotOnWhatsApp if it knows none of them, and NoConnection if it can't be asked now.
        """
        lid, number = lid_in(jid), phone_in(jid)
        if lid:
            return Recipient(jid, Identity(client.phone_of(lid) or self._phone_known(jid), lid))
        if number is None:
            return Recipient(jid, Identity())
        numbers = forms(number)
        for one in numbers:
            known = client.lid_of(one)
            if known:
                own = client.phone_of(known)
                return _by_number(Identity(own if own in numbers else one, known))
        if len(numbers) == 1:
            return Recipient(jid, Identity(number))
        remembered = self._phone_known(jid)
        return _by_number(Identity(remembered)) if remembered else self._asked(client, number)

    def reached(self, client: Client, recipient: Recipient) -> Recipient:
        """Return the recipient of a message that went out, with the name that the client has learnt by that."""
        phone, lid = recipient.identity.phone, recipient.identity.lid
        identity = Identity(
            phone or (client.phone_of(lid) if lid else None), lid or (client.lid_of(phone) if phone else None)
        )
        self._note(identity)
        return replace(recipient, identity=identity)

    def learn(self, who: str, contact: Contact) -> None:
        """Remember what WhatsApp said of a number (digits) or a LID's JID that it was asked about."""
        if contact.exists:
            asked = who if "@" in who else f"{who}@{USERS}"
            self._note(Identity(phone_in(contact.jid), lid_in(contact.lid)), also=asked)

    def forget(self, jid: str) -> None:
        """Forget whom a JID meant: nobody is there any more."""
        with suppress(Unavailable, Rejected):
            self._identities.forget(self._uid, jid)

    def _asked(self, client: Client, number: str) -> Recipient:
        try:
            contact = client.contact(number)
        except NoConnection:
            raise
        except Exception:  # noqa: BLE001 - WhatsAppRefused or whatever else: as it was written it may well be right
            self._log.warning("form_unknown")
            return Recipient(f"{number}@{USERS}", Identity(number))
        if not contact.exists:
            raise RecipientNotOnWhatsApp
        self.learn(number, contact)
        return _by_number(Identity(phone_in(contact.jid) or number, lid_in(contact.lid)))

    def _phone_known(self, jid: str) -> str | None:
        with suppress(Unavailable, Rejected):
            known = self._identities.of(self._uid, jid)
            return known.phone if known else None
        return None

    def _note(self, identity: Identity, *, also: str | None = None) -> None:
        with suppress(Unavailable, Rejected):
            self._identities.note(self._uid, identity, also=also)


def _by_number(identity: Identity) -> Recipient:
    return Recipient(identity.phone_jid or "", identity)
