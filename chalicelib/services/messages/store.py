"""Messages as they stand: looked at one by one or by the page, and received, each stored before anything else."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace as changed

from chalicelib.domain.content import (
    TYPES,
    About,
    Content,
    Context,
    Deleted,
    Edited,
    Media,
    Target,
    Undecryptable,
    Unknown,
    Unsupported,
)
from chalicelib.domain.errors import MessageNotFound
from chalicelib.domain.jid import GROUPS, USERS, Identity, lid_in, phone_in
from chalicelib.domain.media import MediaFile, MediaState
from chalicelib.domain.messages import (
    KEPT,
    MAX_NAME_BYTES,
    MAX_TEXT,
    MAX_TEXT_BYTES,
    Direction,
    Message,
    MessageStatus,
    Party,
    Receipt,
    advance,
    event,
    fitted,
    moves,
)
from chalicelib.domain.session import Session
from chalicelib.services.messages.identities import Identities
from chalicelib.services.ports import ChatStore, Clock, MessageStore, Rejected, SessionStore, Unavailable
from chalicelib.services.ports.media import MediaStore
from chalicelib.services.sessions.moves import found

CHUNK: Final = 100
LOOKED_THROUGH: Final = 1_000
"""Messages, or pointers, that are looked through for one page of those that are wanted, in so many at a time."""
LATELY: Final = 25
"""Newest messages of a session that may have no pointers yet: the stream's consumer is a moment behind."""
LONGEST_ID: Final = 128
"""Characters of an id of WhatsApp's; the clients' own have 32 at the most."""
PAGE_TEXT: Final = 1_000_000
"""Characters of text after which a page ends early: Lambda's answers may have 6 MB."""


UNSUPPORTED: Final = "unsupported"
"""Stands for all types of messages that have no class of their own."""
NAMED: Final = frozenset(TYPES) - {Unknown.NAME}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a session's messages are wanted: up to ``limit``, from behind the id ``cursor`` on.

    ``chat`` is either JID of its person, or a group's; ``type`` the name of a content's type, or ``UNSUPPORTED``.
    """

    limit: int
    cursor: str | None = None
    newest_first: bool = True
    chat: str | None = None
    direction: Direction | None = None
    type: str | None = None

    def fits(self, direction: Direction, kind: str) -> bool:
        """Whether a message of that direction and type is wanted."""
        named = kind if kind in NAMED else UNSUPPORTED
        return self.direction in {None, direction} and self.type in {None, named}


_Chunk = tuple[list[Message], str | None]
"""Messages in their order, and the id that the next ones are behind; None where there are no more."""


class Messages(Struct, frozen=True):
    """Reads a tenant's messages; what has expired isn't there, though DynamoDB takes its time to remove it.

    The messages of one chat are found by its pointers. Of a session that had messages before there were pointers, all
    are looked through until those have expired. What a message says of its file is how that stands now: the message was
    told of as the file was then.
    """

    sessions: SessionStore
    messages: MessageStore
    chats: ChatStore
    media: MediaStore
    identities: Identities
    clock: Clock

    def get(self, tenant: str, session_id: str, message_id: str, *, chat: str | None = None) -> Message:
        """Return a message of the tenant's session, by our id or by WhatsApp's, which one that was sent has first.

        Only one of the chat with that JID, if one is given. Raises SessionNotFound and MessageNotFound.
        """
        uid, messages = self._uid(tenant, session_id), self.messages
        message = (
            messages.get(uid, message_id)
            or messages.by_whatsapp_id(uid, message_id)
            or messages.received_as(uid, message_id)
        )
        if message is None or self._expired(message):
            raise MessageNotFound("There is no such message in this session.", field="message_id")
        found = self._as_it_stands(uid, self.identities.in_one_chat(uid, [message]))[0]
        if chat and not self.identities.names(uid, chat) & {found.chat, found.chat_lid}:
            raise MessageNotFound("There is no such message in this chat.", field="message_id")
        return found

    def standing(self, uid: str, ids: Sequence[str]) -> dict[str, Message]:
        """Return those of a session's messages that are there, by their ids, as they stand now."""
        kept = [one for one in self.messages.many(uid, ids) if not self._expired(one)]
        return {one.id: one for one in self._as_it_stands(uid, self.identities.in_one_chat(uid, kept))}

    def receipts(self, tenant: str, session_id: str, message_id: str) -> list[Receipt]:
        """Return how far a message that was sent has come with each recipient of whom WhatsApp has told.

        Raises SessionNotFound, and MessageNotFound also for what came in.
        """
        message = self.get(tenant, session_id, message_id)
        if message.direction is Direction.INBOUND:
            raise MessageNotFound("Nobody gives receipts for what came in.", field="message_id")
        if message.chat.endswith(f"@{GROUPS}"):
            return self.messages.receipts(message.uid, message.id)
        recipient = Party(phone_in(message.chat), lid_in(message.chat_lid or message.chat))
        return [Receipt(recipient, message.delivered_at, message.read_at, message.played_at)] if message.sent_at else []

    def listed(self, tenant: str, session_id: str, wanted: Wanted) -> tuple[list[Message], str | None]:
        """Return a page of the session's messages, and the cursor of the page that follows, None after the last one.

        A page with long texts has fewer messages. With a filter a page may have few messages or none, though others
        follow: a call looks through a bounded number of messages, whether they match or not. Raises SessionNotFound.
        """
        uid = self._uid(tenant, session_id)
        chunk = self._source(uid, wanted)
        page: list[Message] = []
        cursor, written = wanted.cursor, 0
        for _ in range(LOOKED_THROUGH // CHUNK):
            found, cursor = chunk(cursor)
            for message in found:
                if len(page) == wanted.limit or written >= PAGE_TEXT:
                    return page, page[-1].id
                page.append(message)
                written += len(message.content.text or "")
            if cursor is None:
                return page, None
        return page, cursor

    def _source(self, uid: str, wanted: Wanted) -> Callable[[str | None], _Chunk]:
        """Return what reads the next chunk behind a cursor."""
        if wanted.chat is None:
            return lambda cursor: self._looked_through(uid, wanted, cursor)
        names = self.identities.names(uid, wanted.chat)
        if self._pointed(uid):
            return lambda cursor: self._by_pointers(uid, names, wanted, cursor)
        return lambda cursor: self._looked_through(uid, wanted, cursor, names)

    def _pointed(self, uid: str) -> bool:
        """Whether every message that hasn't expired has a pointer, or will have one in a moment."""
        since = self.chats.since(uid)
        # A message from before then may have had an event since, which keeps it for KEPT once more.
        return since is not None and (since == 0 or since + 2 * KEPT <= self.clock())

    def _looked_through(
        self, uid: str, wanted: Wanted, cursor: str | None, names: frozenset[str] | None = None
    ) -> _Chunk:
        every = names is None and wanted.direction is None and wanted.type is None
        size = wanted.limit + 1 if every else CHUNK
        if wanted.newest_first:
            read = self.messages.recent(uid, limit=size, before=cursor)
        else:
            read = self.messages.following(uid, limit=size, after=cursor)
        return self._wanted(uid, read, wanted, names), read[-1].id if len(read) == size else None

    def _by_pointers(self, uid: str, names: frozenset[str], wanted: Wanted, cursor: str | None) -> _Chunk:
        order = wanted.newest_first
        read = [
            pointer
            for name in names
            for pointer in self.chats.pointers(uid, name, cursor=cursor, limit=CHUNK, newest_first=order)
        ]
        pointers = sorted(read, key=lambda pointer: pointer.id, reverse=order)[:CHUNK]
        ids = [pointer.id for pointer in pointers if wanted.fits(pointer.direction, pointer.type)]
        found = self.messages.many(uid, ids) if ids else []
        more = pointers[-1].id if len(pointers) == CHUNK else None
        lately = self.messages.recent(uid, limit=LATELY, before=None)
        chunk = {one.id: one for one in (*found, *lately) if _between(one.id, cursor, more, newest_first=order)}
        ordered = [chunk[one] for one in sorted(chunk, reverse=order)]
        return self._wanted(uid, ordered, wanted, names), more

    def _wanted(
        self, uid: str, messages: Sequence[Message], wanted: Wanted, names: frozenset[str] | None
    ) -> list[Message]:
        kept = [one for one in messages if not self._expired(one) and wanted.fits(one.direction, one.content.type)]
        named = self.identities.in_one_chat(uid, kept)
        return self._as_it_stands(uid, [one for one in named if names is None or names & {one.chat, one.chat_lid}])

    def _as_it_stands(self, uid: str, messages: list[Message]) -> list[Message]:
        return self._with_files(uid, self._as_edited(uid, messages))

    def _with_files(self, uid: str, messages: list[Message]) -> list[Message]:
        """Return the messages, those that were told of before their files were there with what became of these.

        Others have no file, or one whose state doesn't change any more: mostly nothing is read.
        """
        contents = [message.content for message in messages if isinstance(message.content, Media)]
        waiting = [one.media_id for one in contents if one.media_id and one.state == MediaState.PENDING]
        files = {file.id: file for file in self.media.many(uid, waiting)} if waiting else {}
        return [_with_file(message, files) for message in messages]

    def _as_edited(self, uid: str, messages: list[Message]) -> list[Message]:
        """Return the messages with the words that their newest edits gave them."""
        ids = [message.edited_by for message in messages if message.edited_by]
        edits = {edit.id: edit.content.text for edit in self.messages.many(uid, ids)} if ids else {}
        return [
            replace(message, content=message.content.with_text(words))
            if (words := edits.get(message.edited_by or ""))
            else message
            for message in messages
        ]

    def _uid(self, tenant: str, session_id: str) -> str:
        return found(self.sessions.find(tenant, session_id), session_id).uid

    def _expired(self, message: Message) -> bool:
        return message.kept_until <= self.clock()


def _with_file(message: Message, files: Mapping[str, MediaFile]) -> Message:
    content = message.content
    file = files.get(content.media_id or "") if isinstance(content, Media) else None
    return replace(message, content=cast("Content", changed(cast("Any", content), **file.told))) if file else message


def _between(message_id: str, cursor: str | None, last: str | None, *, newest_first: bool) -> bool:
    """Whether a message is behind the cursor and not behind ``last``; either may be open."""
    if newest_first:
        return (cursor is None or message_id < cursor) and (last is None or message_id >= last)
    return (cursor is None or message_id > cursor) and (last is None or message_id <= last)


def mark_changed(messages: MessageStore, change: Message) -> None:
    """Mark the message that ``change`` edits or deletes: an edit once it is sent, a deletion also while it waits.

    A deletion that failed takes its mark back. Any other message marks nothing. May be repeated, in any order.
    """
    if change.about is None:
        return
    at = change.sent_at
    match change.content:
        case Edited() if at is not None:
            messages.mark(change.uid, change.about, edited_by=change.id, edited_at=at)
        case Deleted() if at is not None:
            messages.mark(change.uid, change.about, deleted_by=change.id, deleted_at=at)
        case Deleted() if change.status is MessageStatus.FAILED:
            messages.unmark_deleted(change.uid, change.about, by=change.id)
        case Deleted():
            messages.mark(change.uid, change.about, deleted_by=change.id)


NamedId = Callable[[int, bytes], str]
"""Makes the ULID of a time (milliseconds since the Unix epoch) and ten bytes: the same of the same."""


@dataclass(frozen=True, slots=True)
class Received:
    """What the client tells of a message that came in; ``at`` is WhatsApp's time in milliseconds since the epoch.

    ``content`` is what it says, ``context`` in what it was said. ``from_me`` says that another device of the same
    account wrote it. ``chat_lid`` is the LID's JID in a direct chat. What WhatsApp has no id for, such as a change of a
    group, has a ``mark`` in its place, which is the same each time that it is told. ``secret`` is what others seal by
    what they say about it. ``retried`` says that its sender's device was asked for it again.
    """

    whatsapp_id: str | None
    chat: str
    sender: Party
    at: int
    content: Content = field(repr=False)
    from_me: bool = False
    context: Context | None = field(default=None, repr=False)
    chat_lid: str | None = None
    mark: str = ""
    secret: bytes | None = field(default=None, repr=False)
    retried: bool = False

    @property
    def writer(self) -> str:
        """What its writer is told from others by: the LID, else the phone number, digits; empty without either."""
        return self.sender.lid or self.sender.phone or ""

    @property
    def digest(self) -> bytes:
        """Ten bytes that tell it from other messages of the same moment, and are the same when it is told again.

        One that couldn't be read isn't the same as the one that its sender's phone sends when it is asked again.
        """
        unread = "\0unread" if isinstance(self.content, Undecryptable) else ""
        named = f"{self.chat}\0{self.writer}\0{self.whatsapp_id or self.mark}{unread}"
        return sha256(named.encode()).digest()[:10]


class Inbox(Struct, frozen=True):
    """Keeps what comes in."""

    messages: MessageStore
    clock: Clock
    named_id: NamedId
    identities: Identities

    def receive(self, session: Session, received: Received) -> bool:
        """Write the message; False if it is there already: WhatsApp repeats what wasn't acknowledged in time.

        Its id follows from WhatsApp's time, chat, sender and id, so the repeat of a message is the same message.
        """
        received = _attributed(session, received)
        own = f"{session.device.phone}@{USERS}" if session.device else None
        message = Message(
            uid=session.uid,
            id=self.named_id(received.at, received.digest),
            tenant=session.tenant,
            session=session.id,
            direction=Direction.OUTBOUND if received.from_me else Direction.INBOUND,
            status=MessageStatus.SENT if received.from_me else MessageStatus.RECEIVED,
            created_at=received.at,
            chat=received.chat,
            content=_bounded(self._rightful(session, received)),
            to=received.chat if received.from_me else own,
            context=received.context,
            sender=_named(received.sender),
            copied=received.from_me,
            whatsapp_id=received.whatsapp_id,
            chat_lid=received.chat_lid,
            secret=received.secret,
            reply_to=self._replied_to(session, received),
            resolves=self._unread(session, received) if received.retried else None,
        )
        now = self.clock()
        # The event's id follows from the message's: a repeat that is written after all is the same event.
        message = replace(message, last_event=event(message, f"{message.id}-received", now))
        fresh = self.messages.put(message)
        if message.whatsapp_id and len(message.whatsapp_id) <= LONGEST_ID:
            # By which callers name it, and what is said about it is opened: also where the first try died before this.
            self.messages.note_received(message, writer=received.writer)
        # Who it is, the next message tells as well.
        with suppress(Unavailable, Rejected):
            self.identities.note(session.uid, Identity(phone_in(received.chat), lid_in(received.chat_lid)))
        return fresh

    def read(self, session: Session, chat: str, whatsapp_ids: Sequence[str]) -> None:
        """Note that the account's owner has read messages of a chat (a JID) on another device, and all before them.

        The newest one of them says so, and whoever follows the session's messages moves the chat on by that.
        """
        found = [
            message
            for one in whatsapp_ids
            if len(one) <= LONGEST_ID
            and (message := self.messages.received_as(session.uid, one))
            and message.direction is Direction.INBOUND
            and chat in {message.chat, message.chat_lid}
        ]
        newest = max(found, key=lambda message: message.id, default=None)
        # The event's id follows from the message's: what is told twice is the same event.
        while newest and moves(newest, MessageStatus.READ):
            if self.messages.move(advance(newest, MessageStatus.READ, now=self.clock(), event_id=f"{newest.id}-read")):
                return
            newest = self.messages.get(session.uid, newest.id)

    def _rightful(self, session: Session, received: Received) -> Content:
        """Return what the message says; an edit or a deletion of what somebody else wrote is ``Unsupported``.

        A hostile sender's program may call any message its own. WhatsApp's apps look for it among its writer's; what
        isn't here can't be looked for, and is told as it was said.
        """
        content, about = received.content, received.content.about
        if about is None or received.from_me or not isinstance(content, Edited | Deleted):
            return content
        if isinstance(content, Deleted) and content.by_admin:
            return content
        if self.messages.by_writer(session.uid, about.id, writer=received.writer):
            return content
        named = self.messages.by_whatsapp_id(session.uid, about.id) or self.messages.received_as(session.uid, about.id)
        return (
            content
            if named is None or _may_have_written(received.sender, named)
            else Unsupported(_CHANGES[content.type])
        )

    def target(self, session: Session, received: Received) -> Message | None:
        """Return the message that one is about: ours, or one that came in with a secret. None if it isn't there."""
        about = received.content.about
        return self._meant(session, received, about) if about else None

    def _replied_to(self, session: Session, received: Received) -> str | None:
        """Return our id of the message that one replies to, if that is there, and in the same chat."""
        quoted = received.context.quoted if received.context else None
        message = self._meant(session, received, quoted.target) if quoted else None
        chats = {received.chat, received.chat_lid} - {None}
        return message.id if message and chats & {message.chat, message.chat_lid} else None

    def _meant(self, session: Session, received: Received, about: Target) -> Message | None:
        """Return the message that ``received`` means by ``about``."""
        ours = self.messages.by_whatsapp_id(session.uid, about.id) if about.from_me is not False else None
        if ours and ours.direction is Direction.OUTBOUND:
            return ours
        device = session.device
        own = (lid_in(device.lid), device.phone) if device and about.from_me is not False else ()
        other = (lid_in(received.chat_lid), phone_in(received.chat)) if about.from_me is not True else ()
        named = lid_in(about.participant) or phone_in(about.participant)
        writers = (one.partition(":")[0] for one in (named, received.writer, *other, *own) if one)
        found = (self.messages.by_writer(session.uid, about.id, writer=one) for one in dict.fromkeys(writers))
        return next(filter(None, found), None)

    def _unread(self, session: Session, received: Received) -> str | None:
        """Return the id of the message that stands for this one because it couldn't be read at first, if there is one.

        Its sender's device sends it once more under the id and the time that it had.
        """
        unread = replace(received, content=Undecryptable())
        stands = self.messages.get(session.uid, self.named_id(received.at, unread.digest))
        return stands.id if stands else None


def _attributed(session: Session, received: Received) -> Received:
    """Return the message with whether the account wrote what it is about, or replies to, where the writer is named.

    WhatsApp says that from where the message was written, and in groups not at all of what others wrote.
    """
    device = session.device
    if device is None:
        return received
    own = {_bare(one) for one in (lid_in(device.lid), device.phone) if one}

    def attributed(target: Target) -> Target:
        named = lid_in(target.participant) or phone_in(target.participant)
        if target.from_me is not None or named is None:
            return target
        return changed(target, from_me=_bare(named) in own)

    content, context = received.content, received.context
    if isinstance(content, About) and content.target:
        content = changed(content, target=attributed(content.target))
    if context and context.quoted:
        context = changed(context, quoted=changed(context.quoted, target=attributed(context.quoted.target)))
    return replace(received, content=content, context=context)


def _bare(user: str) -> str:
    """Return the user of a JID without its device."""
    return user.partition(":")[0].partition(".")[0]


_CHANGES: Final = {Edited.NAME: "message_edit", Deleted.NAME: "revoke"}
"""WhatsApp's names of what changes another message."""


def _may_have_written(sender: Party, message: Message) -> bool:
    """Whether it isn't known that somebody else wrote the message: people may be told by number once, then by LID."""
    if message.direction is Direction.OUTBOUND:
        return False
    writer = message.sender or Party()
    both = [(one, other) for one, other in ((sender.lid, writer.lid), (sender.phone, writer.phone)) if one and other]
    return not both or any(one == other for one, other in both)


def _named(sender: Party) -> Party:
    return replace(sender, name=fitted(sender.name, size=MAX_NAME_BYTES)) if sender.name else sender


def _bounded(content: Content) -> Content:
    """Cut words that no app writes: a hostile client may, and an item has its limit."""
    text = content.text
    fits = text is None or (len(text) <= MAX_TEXT and len(text.encode()) <= MAX_TEXT_BYTES)
    return content if fits else content.with_text(fitted((text or "")[:MAX_TEXT], size=MAX_TEXT_BYTES))
