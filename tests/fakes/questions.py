"""The questions' port in memory: whole, with the same guarantees as the adapter, which runs the same suite."""

from dataclasses import dataclass, field

from chalicelib.domain.questions import LINKING, TOLD, Question

Place = tuple[str, str, int]
"""A session's uid, whether WhatsApp is told something there, and the place's number."""


@dataclass
class MemoryQuestions:
    """QuestionStore."""

    rows: dict[Place, Question] = field(default_factory=dict)

    def put(self, question: Question, *, now: int) -> bool:
        stands = self.rows.get(_place(question))
        if stands and stands.expires_at > now:
            return False
        self.rows[_place(question)] = question
        return True

    def get(self, question: Question) -> Question | None:
        stands = self.rows.get(_place(question))
        return stands if stands and stands.id == question.id else None

    def all(self, uid: str, *, linking: bool = False) -> list[Question]:
        mine = [question for (of, _, _), question in sorted(self.rows.items()) if of == uid]
        return [question for question in mine if (question.subject in LINKING) is linking]

    def move(self, question: Question) -> bool:
        stands = self.rows.get(_place(question))
        if stands is None or (stands.id, stands.version) != (question.id, question.version - 1):
            return False
        self.rows[_place(question)] = question
        return True

    def remove(self, question: Question) -> None:
        if self.get(question):
            del self.rows[_place(question)]


def _place(question: Question) -> Place:
    kind = "LQ" if question.subject in LINKING else "QT" if question.subject in TOLD else "Q"
    return question.uid, kind, question.place
