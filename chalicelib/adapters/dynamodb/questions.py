"""Questions in the table, beside their session: each in one of a few places, and gone with its answer.

The stream's filters let none of them through: who asked reads the answer here.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.questions import Question
from chalicelib.reading import Reader

_QUESTION: Final = Reader(Question)

KEPT: Final = 300
"""Seconds after its end that DynamoDB removes a question whose asker died."""


def to_item(question: Question) -> Item:
    """Return the question's item."""
    fields: dict[str, Any] = msgspec.to_builtins(question)
    pk, sk = _key(question)
    end = {"expires_at": question.expires_at, "ttl": question.expires_at // 1000 + KEPT}
    return {"pk": pk, "sk": sk, **end, **{name: value for name, value in fields.items() if value is not None}}


def from_item(item: Item) -> Question:
    """Return the question of an item."""
    return _QUESTION.plain(item)


@dataclass(frozen=True, slots=True)
class DynamoQuestions:
    """The QuestionStore port."""

    table: Table

    def put(self, question: Question, *, now: int) -> bool:
        """Put it on condition that its place is empty, or that nobody waits any more for what stands there."""
        free = Condition("attribute_not_exists(pk) OR expires_at <= :now", {":now": now})
        return self.table.put(to_item(question), free) is None

    def get(self, question: Question) -> Question | None:
        """Read what stands in its place."""
        item = self.table.get(*_key(question))
        stands = from_item(item) if item else None
        return stands if stands and stands.id == question.id else None

    def all(self, uid: str) -> list[Question]:
        """Read the session's places."""
        where = Condition("pk = :pk AND begins_with(sk, :q)", {":pk": f"S#{uid}", ":q": "Q#"})
        return [from_item(item) for item in self.table.query(where)]

    def move(self, question: Question) -> bool:
        """Put it on condition that the version before it stands."""
        before = Condition("id = :id AND version = :before", {":id": question.id, ":before": question.version - 1})
        return self.table.put(to_item(question), before) is None

    def remove(self, question: Question) -> None:
        """Remove it on condition that its place is still its own."""
        self.table.delete(*_key(question), Condition("id = :id", {":id": question.id}))


def _key(question: Question) -> tuple[str, str]:
    return f"S#{question.uid}", f"Q#{question.place}"
