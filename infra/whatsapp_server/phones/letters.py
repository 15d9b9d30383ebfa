"""What a phone sent and received."""

import json
from dataclasses import dataclass, field
from enum import IntEnum

from infra.whatsapp_server.storage import Database

_COLUMNS = "id, outgoing, peer, device, text, at, state, author"


class LetterState(IntEnum):
    """How far a message has come; it never goes back. One that came in is delivered, then read; a sound, played."""

    SENT = 1
    DELIVERED = 2
    READ = 3
    PLAYED = 4


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on a phone. `device` is which of the sender's devices it came from.

    `peer` names the chat: the other number, or a group's address; in a group `author` is the number of who wrote what
    came in. `text` is None where it is no text; `at` is milliseconds since the epoch, when the phone had it.
    """

    id: str
    outgoing: bool
    peer: str
    device: int
    text: str | None = field(repr=False)
    at: int
    state: LetterState
    author: str | None = None


class Letters:
    """The letters of all phones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, number: str, letter: Letter) -> bool:
        """Keep a letter; False if the phone had it."""
        values = (
            letter.id, letter.outgoing, letter.peer, letter.device, letter.text, letter.at, letter.state, letter.author,
        )  # fmt: skip
        marks = ", ".join("?" * (1 + len(values)))
        statement = f"INSERT OR IGNORE INTO letters (number, {_COLUMNS}) VALUES ({marks})"  # noqa: S608
        return self._database.run(statement, number, *values) > 0

    def keep(self, number: str, letter_id: str, message: bytes, attributes: dict[str, str]) -> None:
        """Keep a message as it was sent, with its stanza's attributes, for a device that asks for it again."""
        statement = "INSERT OR REPLACE INTO outgoing VALUES (?, ?, ?, ?)"
        self._database.run(statement, number, letter_id, message, json.dumps(attributes))

    def kept(self, number: str, letter_id: str) -> tuple[bytes, dict[str, str]] | None:
        """What was sent under an id: the message and its stanza's attributes."""
        found = self._database.rows(
            "SELECT message, attributes FROM outgoing WHERE number = ? AND id = ?", number, letter_id
        )
        return (found[0][0], json.loads(found[0][1])) if found else None

    def of(self, number: str) -> list[Letter]:
        """A phone's letters, the newest last."""
        return self._found("number = ? ORDER BY seq", number)

    def find(self, number: str, peer: str, name: str) -> Letter | None:
        """The letter of that id in one of a phone's chats."""
        return next(iter(self._found("number = ? AND peer = ? AND id = ?", number, peer, name)), None)

    def rewrite(self, number: str, letter: Letter, text: str) -> None:
        """Let a letter have another text, since its author edited it."""
        self._database.run(
            "UPDATE letters SET text = ? WHERE number = ? AND peer = ? AND id = ? AND outgoing = ?",
            text, number, letter.peer, letter.id, letter.outgoing,
        )  # fmt: skip

    def sent(self, number: str, name: str) -> Letter | None:
        """What went out from a phone's account under an id."""
        return next(iter(self._found("number = ? AND id = ? AND outgoing", number, name)), None)

    def known(self, number: str, name: str) -> bool:
        """Whether a phone has a letter of this id."""
        return bool(self._found("number = ? AND id = ?", number, name))

    def unread(self, number: str) -> list[Letter]:
        """What came in and isn't read."""
        return self._found("number = ? AND NOT outgoing AND state < ? ORDER BY seq", number, LetterState.READ)

    def advance(self, number: str, letter_id: str, state: LetterState, *, outgoing: bool) -> None:
        """Note how far a letter has come."""
        self._database.run(
            "UPDATE letters SET state = ? WHERE number = ? AND id = ? AND outgoing = ? AND state < ?",
            state, number, letter_id, outgoing, state,
        )  # fmt: skip

    def expect(self, number: str, letter_id: str, readers: list[str]) -> None:
        """Note who shall get what a phone's account sent to a group."""
        for reader in readers:
            self._database.run(
                "INSERT OR IGNORE INTO letter_readers VALUES (?, ?, ?, ?)", number, letter_id, reader, LetterState.SENT
            )

    def note_reader(self, number: str, letter_id: str, reader: str, state: LetterState) -> None:
        """Note how far a letter has come with one member of its group; the letter is where the last of them is."""
        self._database.run(
            "UPDATE letter_readers SET state = ? WHERE number = ? AND id = ? AND reader = ? AND state < ?",
            state, number, letter_id, reader, state,
        )  # fmt: skip
        reached = min(self.readers(number, letter_id).values(), default=LetterState.SENT)
        self.advance(number, letter_id, reached, outgoing=True)

    def readers(self, number: str, letter_id: str) -> dict[str, LetterState]:
        """How far what went to a group has come with each of those who were its members then."""
        rows = self._database.rows(
            "SELECT reader, state FROM letter_readers WHERE number = ? AND id = ? ORDER BY reader", number, letter_id
        )
        return {reader: LetterState(state) for reader, state in rows}

    def _found(self, condition: str, *values: object) -> list[Letter]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM letters WHERE {condition}", *values)  # noqa: S608
        return [
            Letter(name, bool(outgoing), peer, device, text, at, LetterState(state), author)
            for name, outgoing, peer, device, text, at, state, author in rows
        ]
