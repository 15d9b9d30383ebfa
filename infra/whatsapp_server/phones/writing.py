"""A phone's own messages: encrypted for each device of the recipient, and copied to its account's linked devices."""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.wire.node import STATUS, Attribute, Jid, Node
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.addressing import every_place, sent_by
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.groups import stanzas
from infra.whatsapp_server.groups.state import Group, Groups
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.contents import Contents
from infra.whatsapp_server.phones.encryption import Sealing
from infra.whatsapp_server.phones.letters import Letter, Letters, LetterState
from infra.whatsapp_server.phones.sender_keys import SenderKeys
from infra.whatsapp_server.post import PHONE, Post
from infra.whatsapp_server.signal.messages import SignalFailure

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Writing:
    """What writing needs: the phones' sessions and their keys for groups, their letters, the post, and the groups."""

    sealing: Sealing
    sender_keys: SenderKeys
    letters: Letters
    contents: Contents
    post: Post
    groups: Groups

    def say(self, phone: Account, recipient: Account, said: Outgoing, *, broadcast: Jid | None = None) -> str:
        """Send a message, alone or as one of those to a broadcast list; its id."""
        name = message_id()
        letter = Letter(name, True, recipient.number, PHONE, said.text, now_ms(), LetterState.SENT)
        self._keep(phone, letter, said)
        alone = broadcast or recipient is phone
        for reader in (recipient,) if alone else (recipient, phone):
            for number, device in every_place(reader):
                if (number, device) != (phone.number, PHONE):
                    self.send(phone, recipient, reader, device, name=name, said=said, broadcast=broadcast)
        return name

    def tell(self, phone: Account, recipients: Iterable[Account], said: Outgoing) -> str:
        """Publish a status update for these people, and for the account's linked devices; its id."""
        name = message_id()
        self._keep(phone, Letter(name, True, str(STATUS), PHONE, said.text, now_ms(), LetterState.SENT), said)
        for reader in (*recipients, phone):
            for number, device in every_place(reader):
                if (number, device) != (phone.number, PHONE):
                    self.send(phone, reader, reader, device, name=name, said=said, broadcast=STATUS)
        return name

    def send(
        self,
        phone: Account,
        recipient: Account,
        reader: Account,
        device: int,
        *,
        name: str,
        said: Outgoing,
        retries: int = 0,
        broadcast: Jid | None = None,
    ) -> None:
        """Send a message to one device: the recipient's own, or one of the phone's account."""
        plaintext = said.message
        if reader is phone:
            plaintext = content.copied(plaintext, broadcast or recipient.lid_jid)
        encrypted = _withheld(said, device) or self._sealed(phone, reader, device, plaintext, retries=retries)
        if not encrypted:
            return
        attributes: dict[str, Attribute] = {"id": name, **said.attributes}
        sender = sent_by(phone, PHONE, recipient=recipient, reader=reader, broadcast=broadcast)
        self.post.deliver((reader.number, device), Node("message", {**attributes, **sender}, encrypted))

    def say_in_group(self, phone: Account, group: Group, said: Outgoing) -> str:
        """Send a message to a group; its id. Each device that lacks the phone's key gets it along."""
        name = message_id()
        people = self.groups.people(group)
        self._keep(phone, Letter(name, True, str(group.jid), PHONE, said.text, now_ms(), LetterState.SENT), said)
        self.letters.expect(phone.number, name, [one.number for one in people if one is not phone])
        devices = [
            (reader, device)
            for reader in people
            for _, device in every_place(reader)
            if (reader, device) != (phone, PHONE)
        ]
        addresses = [reader.lid_jid.on(device) for reader, device in devices]
        self.sender_keys.fit(phone, group.jid, addresses)
        lacking = [
            one
            for one in addresses
            if not _withheld(said, one.device) and not self.sender_keys.given(phone, group.jid, one)
        ]
        keys = {one: self.sender_keys.give(phone, group.jid, one) for one in lacking}
        sealed = self.sender_keys.seal(phone, group.jid, said.message)
        for (reader, device), address in zip(devices, addresses, strict=True):
            alone = self._sealed(phone, reader, device, keys[address]) if address in keys else ()
            encrypted = _withheld(said, device) or (*alone, sealed)
            self._deliver(phone, group, reader, device, name=name, said=said, encrypted=encrypted)
        return name

    def send_again_in_group(
        self, phone: Account, group: Group, reader: Account, device: int, *, name: str, said: Outgoing, retries: int
    ) -> None:
        """Send a message to one device of a group that couldn't open it, with the phone's key, under their session."""
        # Two encoded messages in a row are one with the fields of both.
        both = self.sender_keys.give(phone, group.jid, reader.lid_jid.on(device)) + said.message
        alone = self._sealed(phone, reader, device, both, retries=retries)
        self._deliver(phone, group, reader, device, name=name, said=said, encrypted=alone)

    def _keep(self, phone: Account, letter: Letter, said: Outgoing) -> None:
        self.letters.add(phone.number, letter)
        self.letters.keep(phone.number, letter.id, said.message, said.attributes)
        self.contents.put(phone, letter, content.read_leniently(said.message), said.attributes)

    def _sealed(
        self, phone: Account, reader: Account, device: int, plaintext: bytes, *, retries: int = 0
    ) -> tuple[Node, ...]:
        """What is encrypted for one device; nothing if its bundle is forged."""
        try:
            return (self.sealing.seal(phone, reader, device, plaintext, retries=retries),)
        except SignalFailure as failure:
            _log.warning("%s can't write to device %s of %s: %s", phone.number, device, reader.number, failure)
            return ()

    def _deliver(
        self,
        phone: Account,
        group: Group,
        reader: Account,
        device: int,
        *,
        name: str,
        said: Outgoing,
        encrypted: tuple[Node, ...],
    ) -> None:
        stanza = stanzas.message(group, phone, PHONE, {"id": name, **said.attributes}, encrypted)
        if encrypted:
            self.post.deliver((reader.number, device), stanza)


def _withheld(said: Outgoing, device: int) -> tuple[Node, ...]:
    """What a linked device gets in the place of what is to be viewed once: word that there is something."""
    return (Node("unavailable", {"type": "view_once"}),) if said.view_once and device != PHONE else ()


def message_id() -> str:
    """An id such as phones make: 20 hexadecimal digits."""
    return f"3A{secrets.token_hex(9).upper()}"
