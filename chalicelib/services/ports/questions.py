"""What questions to a worker need from outside, as a Protocol; the adapter and the tests' fake implement it whole."""

from typing import Protocol

from chalicelib.domain.questions import Question


class QuestionStore(Protocol):
    """Questions, each in one of its session's places, so that there are never more of them than places."""

    def put(self, question: Question, *, now: int) -> bool:
        """Write a new question in its place; False, and nothing written, if one stands there that hasn't expired."""

    def get(self, question: Question) -> Question | None:
        """Return the question as it stands, read consistently; None if it is gone."""

    def all(self, uid: str) -> list[Question]:
        """Return the session's questions, read consistently; those whom nobody waits for any more may be among them."""

    def move(self, question: Question) -> bool:
        """Write ``question`` over the version before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, question: Question) -> None:
        """Free the question's place; if another has it by now, nothing happens."""
