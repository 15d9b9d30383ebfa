"""What a phone does with each stanza that comes for it."""

import logging
from dataclasses import dataclass

from chalicelib.wire.node import BROADCASTS, Node
from infra.whatsapp_server import bundles
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.addressing import spread_receipt
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.content import Outgoing, text
from infra.whatsapp_server.phones.encryption import Keyring, registration_of
from infra.whatsapp_server.phones.letters import Letter, LetterState
from infra.whatsapp_server.phones.welcome import welcome
from infra.whatsapp_server.phones.writing import Writing
from infra.whatsapp_server.post import PHONE
from infra.whatsapp_server.signal.messages import Repeated, SignalFailure

_log = logging.getLogger(__name__)
_MOST_RETRIES = 5
_PROGRESS = {"": LetterState.DELIVERED, "inactive": LetterState.DELIVERED, "read": LetterState.READ}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading needs beside writing: the accounts, to know senders, and the keys, to ask for a new session."""

    accounts: Accounts
    keyring: Keyring
    writing: Writing

    def receive(self, phone: Account, stanza: Node) -> None:
        """Take in a stanza; ValueError if it isn't as its kind must be."""
        place = stanza.jid("from")
        if place.server == BROADCASTS:
            place = stanza.jid("participant")
        sender, device = self.accounts.of(place), place.device
        if sender is None:
            return
        if stanza.tag == "message":
            self._message(phone, sender, device, stanza)
        elif stanza.text("type") == "retry":
            self._send_again(phone, sender, device, stanza)
        elif stanza.text("type") in _PROGRESS:
            self._note_progress(phone, stanza)

    def answer(self, phone: Account, letter: Letter, kind: str) -> None:
        """Send the receipt of a letter that came in; `kind` is empty for its delivery."""
        sender = self.accounts.numbered(letter.peer)
        if sender:
            receipt = Node("receipt", {"id": letter.id, "type": kind})
            spread_receipt(self.writing.post, phone, PHONE, receipt, to=sender, to_device=letter.device)

    def _message(self, phone: Account, sender: Account, device: int, stanza: Node) -> None:
        for secret in stanza.named("enc"):
            try:
                plaintext = self.writing.sealing.open(phone, sender.lid_jid.on(device), secret)
            except SignalFailure as failure:
                if isinstance(failure, Repeated) and self.writing.letters.known(phone.number, stanza.text("id")):
                    continue
                # Another message under a key that was used: clients that send and receive at once lose their count.
                _log.warning("%s can't open %s of %s: %s", phone.number, stanza.text("id"), sender.number, failure)
                self._ask_again(phone, sender, device, stanza, int(secret.text("count") or 0) + 1)
                continue
            self._take(phone, sender, device, stanza, content.read(plaintext))

    def _take(self, phone: Account, sender: Account, device: int, stanza: Node, found: content.Content) -> None:
        if found.silent:
            return
        copy_to = self.accounts.of(found.destination) if found.destination else None
        name, outgoing = stanza.text("id"), sender is phone
        peer = copy_to.number if outgoing and copy_to else sender.number
        state = LetterState.SENT if outgoing else LetterState.DELIVERED
        letter = Letter(name, outgoing, peer, device, found.text, now_ms(), state)
        self.writing.letters.add(phone.number, letter)
        if not outgoing:
            self.answer(phone, letter, "")

    def _note_progress(self, phone: Account, receipt: Node) -> None:
        more = receipt.find("list")
        names = [receipt.text("id"), *(item.text("id") for item in (more.children if more else ()))]
        for name in names:
            self.writing.letters.advance(phone.number, name, _PROGRESS[receipt.text("type")], outgoing=True)

    def _ask_again(self, phone: Account, sender: Account, device: int, stanza: Node, count: int) -> None:
        """Ask for a message again, with a bundle to begin anew with."""
        if count > _MOST_RETRIES:
            return
        name = stanza.text("id")
        about = {"count": str(count), "id": name, "t": stanza.text("t"), "v": "1"}
        keys = bundles.parts(self.keyring.bundle(phone))
        children = (
            Node("retry", about), Node("registration", {}, registration_of(phone)), Node("keys", {}, keys)
        )  # fmt: skip
        receipt = Node("receipt", {"id": name, "type": "retry", "t": now_s()}, children)
        spread_receipt(self.writing.post, phone, PHONE, receipt, to=sender, to_device=device)

    def _send_again(self, phone: Account, reader: Account, device: int, receipt: Node) -> None:
        """Begin anew with a device that couldn't open a message, and send that once more.

        What isn't a letter was a greeting to an own device.
        """
        count = int(receipt.get("retry").text("count") or 1)
        if count > _MOST_RETRIES or not (device == PHONE or device in reader.devices):
            return
        keys, writing = receipt.find("keys"), self.writing
        writing.sealing.renew(phone, reader, device, bundles.read(keys) if keys else None)
        letter = writing.letters.sent(phone.number, receipt.text("id"))
        recipient = self.accounts.numbered(letter.peer) if letter else None
        said = self._said(phone, letter) if letter else None
        if letter and recipient and said:
            writing.send(phone, recipient, reader, device, name=letter.id, said=said, retries=count)
        elif reader is phone:
            welcome(writing.sealing, writing.post, phone, device)

    def _said(self, phone: Account, letter: Letter) -> Outgoing | None:
        """What a phone sent; a letter of a file from before other kinds than texts were kept is a text."""
        kept = self.writing.letters.kept(phone.number, letter.id)
        if kept:
            return Outgoing(*kept, letter.text)
        return text(letter.text) if letter.text is not None else None
