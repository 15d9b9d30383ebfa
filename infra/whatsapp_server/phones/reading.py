"""What a phone does with each stanza that comes for it."""

import logging
from dataclasses import dataclass

from chalicelib.wire.node import BROADCASTS, STATUS, Jid, Node
from infra.whatsapp_server import bundles
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.addressing import spread_receipt
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.groups.state import GROUPS, Group
from infra.whatsapp_server.phones import content
from infra.whatsapp_server.phones.composing import Frame, text
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.encryption import Keyring, registration_of
from infra.whatsapp_server.phones.letters import Letter, LetterState
from infra.whatsapp_server.phones.welcome import welcome
from infra.whatsapp_server.phones.writing import Writing
from infra.whatsapp_server.post import PHONE
from infra.whatsapp_server.signal.messages import Repeated, SignalFailure

_log = logging.getLogger(__name__)
_MOST_RETRIES = 5
_PROGRESS = {
    "": LetterState.DELIVERED,
    "inactive": LetterState.DELIVERED,
    "read": LetterState.READ,
    "played": LetterState.PLAYED,
}
_TOLD = ("type", "edit", "mediatype", "category")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a stanza, from which device, and in which group if it was in one; or as a status update."""

    account: Account
    device: int
    group: Group | None
    status: bool = False

    @property
    def chat(self) -> Jid | None:
        """What many read there, for whom the sender has one key."""
        return self.group.jid if self.group else STATUS if self.status else None

    @property
    def number(self) -> str:
        """The sender's phone number."""
        return self.account.number

    @property
    def address(self) -> Jid:
        """What sessions with the device go by."""
        return self.account.lid_jid.on(self.device)


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading needs beside writing: the accounts, to know senders, and the keys, to ask for a new session."""

    accounts: Accounts
    keyring: Keyring
    writing: Writing

    def receive(self, phone: Account, stanza: Node) -> None:
        """Take in a stanza; ValueError if it isn't as its kind must be."""
        origin = self._origin(stanza)
        if origin is None:
            return
        if stanza.tag == "message":
            self._message(phone, origin, stanza)
        elif stanza.text("type") == "retry":
            self._send_again(phone, origin, stanza)
        elif stanza.text("type") in _PROGRESS:
            self._note_progress(phone, origin, stanza)

    def answer(self, phone: Account, letter: Letter, kind: str) -> None:
        """Send the receipt of a letter that came in; `kind` is empty for its delivery."""
        sender = self.accounts.numbered(letter.author or letter.peer)
        group = self.writing.groups.find(letter.peer.partition("@")[0]) if letter.author else None
        if sender:
            receipt = Node("receipt", {"id": letter.id, "type": kind})
            spread_receipt(self.writing.post, phone, PHONE, receipt, to=sender, to_device=letter.device, group=group)

    def _origin(self, stanza: Node) -> Origin | None:
        """Where a stanza comes from; None if nobody here has that address."""
        place, group = stanza.jid("from"), None
        status = place == STATUS
        if place.server == GROUPS:
            group = self.writing.groups.find(place.user)
            if group is None:
                return None
        if place.server in (BROADCASTS, GROUPS):
            place = stanza.jid("participant")
        sender = self.accounts.of(place)
        return Origin(sender, place.device, group, status) if sender else None

    def _message(self, phone: Account, origin: Origin, stanza: Node) -> None:
        for secret in stanza.named("enc"):
            try:
                plaintext = self._open(phone, origin, secret)
            except SignalFailure as failure:
                if isinstance(failure, Repeated) and self.writing.letters.known(phone.number, stanza.text("id")):
                    continue
                # Another message under a key that was used: clients that send and receive at once lose their count.
                _log.warning("%s can't open %s of %s: %s", phone.number, stanza.text("id"), origin.number, failure)
                self._ask_again(phone, origin, stanza, int(secret.text("count") or 0) + 1)
                return
            self._take(phone, origin, stanza, content.read(plaintext))

    def _open(self, phone: Account, origin: Origin, secret: Node) -> bytes:
        """What was encrypted for the phone or for its group; one of the SignalFailures if it doesn't open."""
        if origin.chat and secret.text("type") == "skmsg":
            return self.writing.sender_keys.open(phone, origin.chat, origin.address, secret.data)
        plaintext = self.writing.sealing.open(phone, origin.address, secret)
        if origin.chat:
            self.writing.sender_keys.accept(phone, origin.chat, origin.address, plaintext)
        return plaintext

    def _take(self, phone: Account, origin: Origin, stanza: Node, found: content.Content) -> None:
        if found.silent:
            return
        name, outgoing, group = stanza.text("id"), origin.account is phone, origin.group
        copy_to = self.accounts.of(found.destination) if found.destination else None
        peer = str(origin.chat) if origin.chat else copy_to.number if outgoing and copy_to else origin.number
        author = origin.number if origin.chat and not outgoing else None
        state = LetterState.SENT if outgoing else LetterState.DELIVERED
        letter = Letter(name, outgoing, peer, origin.device, found.text, now_ms(), state, author)
        self.writing.letters.add(phone.number, letter)
        told = {name: stanza.text(name) for name in _TOLD if name in stanza.attributes}
        self.writing.contents.put(phone, letter, found, told)
        if group and outgoing:
            self.writing.letters.expect(phone.number, name, [one for one in group.numbers if one != phone.number])
        if not outgoing:
            self.answer(phone, letter, "")

    def _note_progress(self, phone: Account, origin: Origin, receipt: Node) -> None:
        more = receipt.find("list")
        names = [receipt.text("id"), *(item.text("id") for item in (more.children if more else ()))]
        state = _PROGRESS[receipt.text("type")]
        for name in names:
            if origin.account is phone:  # a linked device of its own has read what came in
                self.writing.letters.advance(phone.number, name, state, outgoing=False)
            elif origin.group:
                self.writing.letters.note_reader(phone.number, name, origin.number, state)
            else:
                self.writing.letters.advance(phone.number, name, state, outgoing=True)

    def _ask_again(self, phone: Account, origin: Origin, stanza: Node, count: int) -> None:
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
        to, post = origin.account, self.writing.post
        spread_receipt(post, phone, PHONE, receipt, to=to, to_device=origin.device, group=origin.group)

    def _send_again(self, phone: Account, origin: Origin, receipt: Node) -> None:
        """Begin anew with a device that couldn't open a message, and send that once more.

        What isn't a letter was a greeting to an own device.
        """
        reader, device, group = origin.account, origin.device, origin.group
        count = int(receipt.get("retry").text("count") or 1)
        if count > _MOST_RETRIES or not (device == PHONE or device in reader.devices):
            return
        keys, writing = receipt.find("keys"), self.writing
        writing.sealing.renew(phone, reader, device, bundles.read(keys) if keys else None)
        letter = writing.letters.sent(phone.number, receipt.text("id"))
        said = self._said(phone, letter) if letter else None
        if group:
            if letter and said and group.member(reader):
                writing.send_again_in_group(phone, group, reader, device, name=letter.id, said=said, retries=count)
            return
        recipient = self.accounts.numbered(letter.peer) if letter else None
        if letter and recipient and said:
            writing.send(phone, recipient, reader, device, name=letter.id, said=said, retries=count)
        elif reader is phone:
            welcome(writing.sealing, writing.post, phone, device)

    def _said(self, phone: Account, letter: Letter) -> Outgoing | None:
        """What a phone sent; a letter of a file from before other kinds than texts were kept is a text."""
        kept = self.writing.letters.kept(phone.number, letter.id)
        if kept:
            return Outgoing(*kept, letter.text)
        return Frame().around(text(letter.text)) if letter.text is not None else None
