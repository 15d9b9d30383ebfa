"""All virtual phones: what a person does with one, and what comes for it."""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial

from chalicelib.wire.media import AlteredMedia
from chalicelib.wire.node import BROADCASTS, Jid, Node
from chalicelib.wire.proto.message_pb2 import ProtocolMessage
from infra.whatsapp_server.accounts import Account, Device
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.groups.state import Group, Groups
from infra.whatsapp_server.media import NoSuchMedia
from infra.whatsapp_server.phones import composing, welcome
from infra.whatsapp_server.phones.composing import Frame
from infra.whatsapp_server.phones.content import Outgoing
from infra.whatsapp_server.phones.contents import KEPT, Contents
from infra.whatsapp_server.phones.encryption import Keyring, Sealing
from infra.whatsapp_server.phones.files import Files
from infra.whatsapp_server.phones.letters import Letter, Letters, LetterState
from infra.whatsapp_server.phones.reading import Reading
from infra.whatsapp_server.phones.sender_keys import SenderKeys
from infra.whatsapp_server.phones.writing import Writing
from infra.whatsapp_server.post import PHONE, Post
from infra.whatsapp_server.signal.agreement import Bundle
from infra.whatsapp_server.signal.messages import SignalFailure
from infra.whatsapp_server.storage import Database, Store

_log = logging.getLogger(__name__)
_FETCHERS = 2
"""How many files are opened at a time."""


class Phones:
    """Each act is one transaction: a phone that was killed in it knows nothing of it."""

    def __init__(self, store: Store, database: Database, post: Post, groups: Groups, files: Files) -> None:
        self._database = database
        self._post = post
        self._accounts = store.accounts
        self._keyring = Keyring(database)
        self._letters = Letters(database)
        self._sealing = Sealing(store, database, self._keyring)
        self.files = files
        self.contents = Contents(database, self._letters, store.accounts, groups.is_admin)
        self._writing = Writing(self._sealing, SenderKeys(database), self._letters, self.contents, post, groups)
        self._reading = Reading(store.accounts, self._keyring, self._writing)
        self._histories: dict[str, ProtocolMessage] = {}
        self._fetching: dict[tuple[str, Letter], asyncio.Task[None]] = {}
        self._fetchers = asyncio.Semaphore(_FETCHERS)
        post.listen(self._ring)

    def start(self) -> None:
        """Take up what waited when the server ended."""
        self.files.start()
        for number, device in self._post.mail.waiting():
            if device == PHONE:
                self._ring(number)
        for account in self._accounts:
            self._fetch_files(account)

    async def stop(self) -> None:
        """Give up what is being fetched; it is taken up when the server starts again."""
        for task in tuple(self._fetching.values()):
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)

    def say(self, account: Account, recipient: Account | Group, text: str) -> str:
        """Send a text from a phone; its id."""
        frame = Frame(expires_in=self.timer(account, recipient))
        return self.send(account, recipient, frame.around(composing.text(text)))

    def timer(self, account: Account, recipient: Account | Group) -> int:
        """After how many seconds messages of a chat disappear; 0 is never."""
        if isinstance(recipient, Group):
            return recipient.ephemeral_s
        return self.contents.timer(account.number, recipient.number)

    def send(self, account: Account, recipient: Account | Group, said: Outgoing) -> str:
        """Send a message of any kind from a phone to somebody, or to a group that it may write in; its id."""
        with self._database.transaction():
            if isinstance(recipient, Group):
                return self._writing.say_in_group(account, recipient, said)
            return self._writing.say(account, recipient, said)

    def broadcast(self, account: Account, recipients: Iterable[Account], text: str) -> list[str]:
        """Send a text from a phone to a broadcast list of its own; the ids, one a recipient."""
        broadcast, said = Jid(now_s(), BROADCASTS), Frame().around(composing.text(text))
        with self._database.transaction():
            return [self._writing.say(account, one, said, broadcast=broadcast) for one in recipients]

    def tell(self, account: Account, recipients: Iterable[Account], said: Outgoing) -> str:
        """Publish a status update of a phone's for these people; its id."""
        with self._database.transaction():
            return self._writing.tell(account, recipients, said)

    def letter(self, account: Account, peer: Account | Group, name: str) -> Letter | None:
        """The letter of that id in a phone's chat with somebody, or in a group."""
        chat = str(peer.jid) if isinstance(peer, Group) else peer.number
        return self._letters.find(account.number, chat, name)

    def in_chat(self, account: Account, chat: str | None, name: str) -> Letter | None:
        """The letter of that id in the chat with a number or in a group, or in whichever chat has it."""
        return next((one for one in self.letters(account) if one.id == name and chat in (None, one.peer)), None)

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

    def play(self, account: Account, letter: Letter) -> None:
        """Mark a sound or a video message that came in as played, and tell its sender."""
        with self._database.transaction():
            self._letters.advance(account.number, letter.id, LetterState.PLAYED, outgoing=False)
            self._reading.answer(account, letter, "played")

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
        if account:
            self._fetch_files(account)

    def _fetch_files(self, account: Account) -> None:
        """Begin to fetch the files of letters that came in."""
        for letter in self.contents.fetching(account.number):
            place = account.number, letter
            if place not in self._fetching:
                self._fetching[place] = asyncio.create_task(self._fetch(*place))
                self._fetching[place].add_done_callback(partial(self._fetched, place))

    def _fetched(self, place: tuple[str, Letter], _: asyncio.Task[None]) -> None:
        del self._fetching[place]

    async def _fetch(self, number: str, letter: Letter) -> None:
        reference = self.contents.of(number, letter).content.file
        try:
            async with self._fetchers:
                if reference:
                    await asyncio.to_thread(self.files.download, number, letter, reference)
        except (NoSuchMedia, AlteredMedia, OSError) as error:
            _log.warning("%s can't fetch the file of %s: %s", number, letter.id, type(error).__name__)
            self.contents.note_file(number, letter, type(error).__name__)
        else:
            self.contents.note_file(number, letter, KEPT)

    def _receive(self, account: Account, stanza: Node) -> None:
        try:
            self._reading.receive(account, stanza)
        except (ValueError, SignalFailure) as error:
            _log.warning("%s can't read a stanza: %s", account.number, error)
