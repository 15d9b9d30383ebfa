"""A phone's own messages: encrypted for each device of the recipient, and copied to its account's linked devices."""

import logging
import secrets
from dataclasses import dataclass

from chalicelib.wire.node import Attribute, Jid, Node
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.addressing import every_place, sent_by
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.encryption import Sealing
from infra.whatsapp_server.phones.letters import Letter, Letters, LetterState
from infra.whatsapp_server.post import PHONE, Post
from infra.whatsapp_server.signal.messages import SignalFailure

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Writing:
    """What writing needs: the phones' sessions, their letters, and the post."""

    sealing: Sealing
    letters: Letters
    post: Post

    def say(self, phone: Account, recipient: Account, said: Outgoing, *, broadcast: Jid | None = None) -> str:
        """Send a message, alone or as one of those to a broadcast list; its id."""
        name = message_id()
        letter = Letter(name, True, recipient.number, PHONE, said.text, now_ms(), LetterState.SENT)
        self.letters.add(phone.number, letter)
        self.letters.keep(phone.number, name, said.message, said.attributes)
        alone = broadcast or recipient is phone
        for reader in (recipient,) if alone else (recipient, phone):
            for number, device in every_place(reader):
                if (number, device) != (phone.number, PHONE):
                    self.send(phone, recipient, reader, device, name=name, said=said, broadcast=broadcast)
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
            plaintext = content.copied(plaintext, recipient.lid_jid)
        try:
            secret = self.sealing.seal(phone, reader, device, plaintext, retries=retries)
        except SignalFailure as failure:
            _log.warning("%s can't write to device %s of %s: %s", phone.number, device, reader.number, failure)
            return
        attributes: dict[str, Attribute] = {"id": name, **said.attributes}
        sender = sent_by(phone, PHONE, recipient=recipient, reader=reader, broadcast=broadcast)
        self.post.deliver((reader.number, device), Node("message", {**attributes, **sender}, (secret,)))


def message_id() -> str:
    """An id such as phones make: 20 hexadecimal digits."""
    return f"3A{secrets.token_hex(9).upper()}"
