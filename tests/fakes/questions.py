"""The questions' port in memory: whole, with the same guarantees as the adapter, which runs the same suite."""

from dataclasses import dataclass, field

from chalicelib.domain.questions import Question


@dataclass
class MemoryQuestions:
    """QuestionStore."""

    rows: dict[tuple[str, int], Question] = field(default_factory=dict)

    def put(self, question: Question, *, now: int) -> bool:
        stands = self.rows.get((question.uid, question.place))
        if stands and stands.expires_at > now:
            return False
        self.rows[question.uid, question.place] = question
        return True

    def get(self, question: Question) -> Question | None:
        stands = self.rows.get((question.uid, question.place))
        return stands if stands and stands.id == question.id else None

    def all(self, uid: str) -> list[Question]:
        return [question for (of, _), question in sorted(self.rows.items()) if of == uid]

    def move(self, question: Question) -> bool:
        stands = self.rows.get((question.uid, question.place))
        if stands is None or (stands.id, stands.version) != (question.id, question.version - 1):
            return False
        self.rows[question.uid, question.place] = question
        return True

    def remove(self, question: Question) -> None:
        if self.get(question):
            del self.rows[question.uid, question.place]
