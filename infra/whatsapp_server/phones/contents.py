"""What letters say, and what has been said about them since: reactions, votes, edits, deletions, pins.

Each message is a letter of its own, whatever it is. One that is about another letter of the chat changes that one as
well, if its author may: everybody reacts, votes and pins, who wrote a letter edits and deletes it, and a group's
administrator deletes the others'.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Any, Final

from chalicelib.wire.addons import AddOn, Use, WrongSecret, option_hash
from chalicelib.wire.proto import MalformedMessage, parse
from chalicelib.wire.proto.message_pb2 import Message, PollVoteMessage
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.phones.content import UNKNOWN, Content, edited, read_leniently
from infra.whatsapp_server.phones.letters import Letter, Letters
from infra.whatsapp_server.storage import Database

FETCHING: Final = "fetching"
KEPT: Final = "kept"


class Mark(StrEnum):
    """What is said about a letter, once by each of those who may."""

    REACTION = "reaction"
    VOTE = "vote"
    EDIT = "edit"
    DELETION = "deletion"
    PIN = "pin"


Marks = dict[Mark, dict[str, Any]]
"""Of each kind, what was said by each number."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a phone keeps of a letter. ``message`` is WhatsApp's, encoded; ``stanza`` the attributes that it came with.

    ``file`` is how its file is doing: ``fetching``, ``kept``, or a sentence that says why there is none; None if there
    is no file in it.
    """

    content: Content
    stanza: dict[str, str]
    message: bytes = field(repr=False)
    file: str | None = None


class Contents:
    """The contents of all phones' letters."""

    def __init__(
        self, database: Database, letters: Letters, accounts: Accounts, is_admin: Callable[[str, str], bool]
    ) -> None:
        self._database = database
        self._letters = letters
        self._accounts = accounts
        self._is_admin = is_admin

    def put(self, phone: Account, letter: Letter, content: Content, stanza: dict[str, str]) -> None:
        """Keep what a letter says, and let it change the letter that it is about."""
        state = None if content.file is None else KEPT if letter.outgoing and not letter.device else FETCHING
        added = self._database.run(
            "INSERT OR IGNORE INTO letter_contents VALUES (?, ?, ?, ?, ?, ?, ?)",
            phone.number, letter.peer, letter.id, letter.outgoing, content.message, json.dumps(stanza), state,
        )  # fmt: skip
        if content.type == "timer":
            self._set_timer(phone.number, letter.peer, int(content.fields["seconds"]))
        if added and content.about:
            self._change(phone, letter, content)

    def of(self, number: str, letter: Letter) -> Kept:
        """What a letter says. One from before contents were kept is a text, or unknown."""
        rows = self._database.rows(
            "SELECT message, stanza, file FROM letter_contents"
            " WHERE number = ? AND peer = ? AND id = ? AND outgoing = ?",
            number, letter.peer, letter.id, letter.outgoing,
        )  # fmt: skip
        return _kept(letter, rows[0] if rows else None)

    def every(self, number: str) -> Iterator[tuple[Letter, Kept, Marks]]:
        """All letters of a phone, the newest last, with what they say and what was said about them."""
        said = {
            (peer, name, bool(outgoing)): row
            for peer, name, outgoing, *row in self._database.rows(
                "SELECT peer, id, outgoing, message, stanza, file FROM letter_contents WHERE number = ?", number
            )
        }
        marks: dict[tuple[str, str], Marks] = {}
        for peer, name, kind, author, value in self._database.rows(
            "SELECT peer, id, kind, author, value FROM letter_marks WHERE number = ? ORDER BY at, author", number
        ):
            marks.setdefault((peer, name), {}).setdefault(Mark(kind), {})[author] = json.loads(value)
        for letter in self._letters.of(number):
            row = said.get((letter.peer, letter.id, letter.outgoing))
            yield letter, _kept(letter, row), marks.get((letter.peer, letter.id), {})

    def note_file(self, number: str, letter: Letter, state: str) -> None:
        """Note how a letter's file is doing."""
        self._database.run(
            "UPDATE letter_contents SET file = ? WHERE number = ? AND peer = ? AND id = ? AND outgoing = ?",
            state, number, letter.peer, letter.id, letter.outgoing,
        )  # fmt: skip

    def fetching(self, number: str) -> list[Letter]:
        """The letters of a phone whose files aren't there yet."""
        rows = self._database.rows(
            "SELECT peer, id FROM letter_contents WHERE file = 'fetching' AND number = ?", number
        )
        return [letter for peer, name in rows if (letter := self._letters.find(number, peer, name))]

    def marks(self, number: str, letter: Letter) -> Marks:
        """What was said about a letter: of each kind, by each number."""
        rows = self._database.rows(
            "SELECT kind, author, value FROM letter_marks WHERE number = ? AND peer = ? AND id = ? ORDER BY at, author",
            number, letter.peer, letter.id,
        )  # fmt: skip
        found: Marks = {}
        for kind, author, value in rows:
            found.setdefault(Mark(kind), {})[author] = json.loads(value)
        return found

    def timer(self, number: str, peer: str) -> int:
        """Return after how many seconds messages that the phone writes in the chat disappear; 0 for never."""
        rows = self._database.rows("SELECT seconds FROM phone_timers WHERE number = ? AND peer = ?", number, peer)
        return int(rows[0][0]) if rows else 0

    def readable(self, phone: Account, letter: Letter, content: Content) -> dict[str, Any]:
        """A content's fields, with what is encrypted in them; a vote has ``options``, or None if it isn't readable."""
        target = self._target(phone, letter, content)
        if content.type == "vote":
            return {"options": self._votes(phone, target, letter, content) if target else None}
        if content.encrypted:
            edit = self._edit(phone, target, letter, content) if target else None
            return {"encrypted": True, **({"type": edit.type, **edit.fields} if edit else {})}
        return content.fields

    def _votes(self, phone: Account, poll: Letter, vote: Letter, content: Content) -> list[str] | None:
        """The options that a vote chose, by their names; None if it isn't readable, or of options that aren't there."""
        kept = self.of(phone.number, poll).content
        if content.encrypted is None or kept.secret is None:
            return None
        opened = self._opened(Use.POLL_VOTE, phone, poll, vote, secret=kept.secret, sealed=content.encrypted)
        if opened is None:
            return None
        names = {option_hash(option): option for option in kept.fields.get("options", ())}
        try:
            chosen = parse(PollVoteMessage, opened).selectedOptions
        except MalformedMessage:
            return None
        return [names[one] for one in chosen] if all(one in names for one in chosen) else None

    def _edit(self, phone: Account, target: Letter, edit: Letter, content: Content) -> Content | None:
        """What an edit lets its target say, also an encrypted one; None if it isn't readable."""
        if content.replacement or content.encrypted is None:
            return content.replacement
        secret = self.of(phone.number, target).content.secret
        if secret is None:
            return None
        opened = self._opened(Use.MESSAGE_EDIT, phone, target, edit, secret=secret, sealed=content.encrypted)
        if opened is None:
            return None
        try:
            message = parse(Message, opened)
        except MalformedMessage:
            return None
        inner = message.protocolMessage.editedMessage if message.HasField("protocolMessage") else message
        return edited(inner, None).replacement

    def _change(self, phone: Account, letter: Letter, content: Content) -> None:
        target = self._target(phone, letter, content)
        if target is None:
            return
        author, wrote = _author(phone, letter), _author(phone, letter) == _author(phone, target)
        match content.type:
            case "reaction":
                self._mark(phone, target, Mark.REACTION, author, content.fields["emoji"] or None)
            case "vote":
                if (chosen := self._votes(phone, target, letter, content)) is not None:
                    self._mark(phone, target, Mark.VOTE, author, chosen or None)
            case "pin":
                self._mark(phone, target, Mark.PIN, "", content.fields["pinned"] or None)
            case "deletion" if wrote or self._is_admin(target.peer, author):
                self._mark(phone, target, Mark.DELETION, author, True)
            case "edit" if wrote and (said := self._edit(phone, target, letter, content)):
                self._mark(phone, target, Mark.EDIT, author, said.fields)
                if said.text is not None:
                    self._letters.rewrite(phone.number, target, said.text)

    def _target(self, phone: Account, letter: Letter, content: Content) -> Letter | None:
        return self._letters.find(phone.number, letter.peer, content.about.id) if content.about else None

    def _mark(self, phone: Account, target: Letter, kind: Mark, author: str, value: Any) -> None:
        """Note what somebody says about a letter, in the place of what was said before; None takes it back."""
        place = (phone.number, target.peer, target.id, kind, author)
        if value is None:
            self._database.run(
                "DELETE FROM letter_marks WHERE number = ? AND peer = ? AND id = ? AND kind = ? AND author = ?", *place
            )
        else:
            self._database.run(
                "INSERT OR REPLACE INTO letter_marks VALUES (?, ?, ?, ?, ?, ?, ?)", *place, json.dumps(value), now_ms()
            )

    def _set_timer(self, number: str, peer: str, seconds: int) -> None:
        self._database.run("INSERT OR REPLACE INTO phone_timers VALUES (?, ?, ?)", number, peer, seconds)

    def _opened(
        self, use: Use, phone: Account, target: Letter, said: Letter, *, secret: bytes, sealed: tuple[bytes, bytes]
    ) -> bytes | None:
        """What was encrypted under a letter's secret. Clients name people by LID, or by number, as the chat does."""
        authors, speakers = self._names(_author(phone, target)), self._names(_author(phone, said))
        for author, speaker in product(authors, speakers):
            try:
                return AddOn(use, target.id, author, speaker).open(secret, *sealed)
            except WrongSecret:
                continue
        return None

    def _names(self, number: str) -> tuple[str, ...]:
        account = self._accounts.numbered(number)
        return (str(account.lid_jid), str(account.jid)) if account else ()


def _kept(letter: Letter, row: Sequence[Any] | None) -> Kept:
    if row is None:
        text = letter.text
        content = Content(UNKNOWN) if text is None else Content("text", text, {"text": text})
        return Kept(content, {}, b"" if text is None else Message(conversation=text).SerializeToString())
    message, stanza, file = row
    return Kept(_read(message), json.loads(stanza), message, file)


@lru_cache(maxsize=1024)
def _read(message: bytes) -> Content:
    """The same letters are asked for again and again while somebody waits for a new one."""
    return read_leniently(message)


def _author(phone: Account, letter: Letter) -> str:
    """The number of who wrote a letter."""
    return phone.number if letter.outgoing else letter.author or letter.peer
