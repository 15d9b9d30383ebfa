"""The worker's side of questions: what is asked, taken once, and answered if anybody still waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.questions import Contact, Group, Question, answered, fitting, put_back, refused, taken
from chalicelib.services.ports import Clock
from chalicelib.services.ports.questions import QuestionStore


@dataclass(frozen=True, slots=True)
class Answering:
    """Moves questions as their session's one worker reports; who asked may be gone by then, which is no error."""

    questions: QuestionStore
    clock: Clock

    def owed(self, uid: str, *, epoch: int) -> list[Question]:
        """Return the questions that a worker of that claim is to answer, in the order they were asked in."""
        now = self.clock()
        owed = [question for question in self.questions.all(uid) if question.is_owed(epoch=epoch, now=now)]
        return sorted(owed, key=lambda question: question.id)

    def take(self, question: Question, *, epoch: int) -> Question | None:
        """Mark the question as taken, before WhatsApp is asked; None if it is too late, or somebody was quicker."""
        if not question.is_owed(epoch=epoch, now=self.clock()):
            return None
        return self._moved(taken(question, epoch=epoch))

    def put_back(self, question: Question) -> Question | None:
        """Have the question asked again once there is a connection: there was none."""
        return self._moved(put_back(question))

    def answer(self, question: Question, answer: Contact | Sequence[Group]) -> Question | None:
        """Write the answer; of more groups than there is room for, as much as there is."""
        return self._moved(answered(question, answer if isinstance(answer, Contact) else fitting(answer)))

    def refuse(self, question: Question, failure: str) -> Question | None:
        """Write why there is no answer."""
        return self._moved(refused(question, failure))

    def _moved(self, question: Question) -> Question | None:
        return question if self.questions.move(question) else None
