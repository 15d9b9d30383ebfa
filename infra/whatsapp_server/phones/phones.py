"""All virtual phones: what a person does with one, and what comes for it."""

import asyncio
import logging
from collections.abc import Iterable

from chalicelib.wire.node import BROADCASTS, Jid, Node
from chalicelib.wire.proto.message_pb2 import ProtocolMessage
from infra.whatsapp_server.accounts import Account, Device
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.groups.state import Group, Groups
from infra.whatsapp_server.phones import content, welcome
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.encryption import Keyring, Sealing
from infra.whatsapp_server.phones.letters import Letter, Letters, LetterState
from infra.whatsapp_server.phones.reading import Reading
from infra.whatsapp_server.phones.sender_keys import SenderKeys
from infra.whatsapp_server.phones.writing import Writing
from infra.whatsapp_server.post import PHONE, Post
from infra.whatsapp_server.signal.agreement import Bundle
from infra.whatsapp_server.signal.messages import SignalFailure
from infra.whatsapp_server.storage import Database, Store

_log = logging.getLogger(__name__)


class Phones:
    """Each act is one transaction: a phone that was killed in it knows nothing of it."""

    def __init__(self, store: Store, database: Database, post: Post, groups: Groups) -> None:
        self._database = database
        self._post = post
        self._accounts = store.accounts
        self._keyring = Keyring(database)
        self._letters = Letters(database)
        self._sealing = Sealing(store, database, self._keyring)
        self._writing = Writing(self._sealing, SenderKeys(database), self._letters, post, groups)
        self._reading = Reading(store.accounts, self._keyring, self._writing)
        self._histories: dict[str, ProtocolMessage] = {}
        post.listen(self._ring)

    def start(self) -> None:
        """Take up what waited when the server ended."""
        for number, device in self._post.mail.waiting():
            if device == PHONE:
                self._ring(number)

    def say(self, account: Account, recipient: Account | Group, text: str) -> str:
        """Send a text from a phone; its id."""
        return self.send(account, recipient, content.text(text))

    def send(self, account: Account, recipient: Account | Group, said: Outgoing) -> str:
        """Send a message of any kind from a phone to somebody, or to a group that it may write in; its id."""
        with self._database.transaction():
            if isinstance(recipient, Group):
                return self._writing.say_in_group(account, recipient, said)
            return self._writing.say(account, recipient, said)

    def broadcast(self, account: Account, recipients: Iterable[Account], text: str) -> list[str]:
        """Send a text from a phone to a broadcast list of its own; the ids, one a recipient."""
        broadcast, said = Jid(now_s(), BROADCASTS), content.text(text)
        with self._database.transaction():
            return [self._writing.say(account, one, said, broadcast=broadcast) for one in recipients]

    def letter(self, account: Account, peer: Account | Group, name: str) -> Letter | None:
        """The letter of that id in a phone's chat with somebody, or in a group."""
        chat = str(peer.jid) if isinstance(peer, Group) else peer.number
        return next((one for one in self.letters(account) if (one.id, one.peer) == (name, chat)), None)

    def readers(self, account: Account, letter: Letter) -> dict[str, LetterState]:
        """How far a letter to a group has come with each of those who were its members then."""
        return self._letters.readers(account.number, letter.id)

    def letters(self, account: Account) -> list[Letter]:
        """What a phone sent and received, and what its account's linked devices sent; the newest last."""
        return self._letters.of(account.number)

    def read(self, account: Account) -> int:
        """Mark all that came in as read, and tell the senders; how many there were."""
        with self._database.transaction():
            unread = self._letters.unread(account.number)
            for letter in unread:
                self._letters.advance(account.number, letter.id, LetterState.READ, outgoing=False)
                self._reading.answer(account, letter, "read")
        return len(unread)

    def bundle(self, account: Account) -> Bundle:
        """A bundle for who wants to write to a phone."""
        return self._keyring.bundle(account)

    def welcome(self, account: Account, device: Device) -> None:
        """Greet a device that has just been linked."""
        try:
            with self._database.transaction():
                if welcome.first_time(self._database, account, device.number):
                    history = self._histories.get(account.number)
                    welcome.welcome(self._sealing, self._post, account, device.number, history)
        except SignalFailure as failure:
            _log.warning("%s can't greet its device %s: %s", account.number, device.number, failure)

    def remember(self, account: Account, history: ProtocolMessage) -> None:
        """Tell each device that is linked from now on of this history, as long as the server runs."""
        self._histories[account.number] = history

    def _ring(self, number: str) -> None:
        """Take in a phone's mail soon: whoever sent it shouldn't wait for the phone to open it."""
        asyncio.get_running_loop().call_soon(self._take_in, number)

    def _take_in(self, number: str) -> None:
        account = self._accounts.numbered(number)
        for item in self._post.mail.after((number, PHONE), 0):
            with self._database.transaction():
                self._post.mail.finish(item)
                if account:
                    self._receive(account, item.stanza)

    def _receive(self, account: Account, stanza: Node) -> None:
        try:
            self._reading.receive(account, stanza)
        except (ValueError, SignalFailure) as error:
            _log.warning("%s can't read a stanza: %s", account.number, error)
