"""What a test may turn: how many codes a client is given, and what goes wrong next."""

from collections import deque
from dataclasses import dataclass, field

from infra.local.whatsapp.offers import FULL_LIST


@dataclass(frozen=True, slots=True)
class PlannedFailure:
    """A refusal of the next login; of any number's if `number` is None."""

    reason: int
    number: str | None = None


@dataclass(slots=True)
class Knobs:
    """The server's changeable behaviour; as it stands here it behaves like WhatsApp."""

    references: int = FULL_LIST
    passkeys: int = 0
    failures: deque[PlannedFailure] = field(default_factory=deque)

    def take_failure(self, number: str) -> int | None:
        """The reason to refuse this login with, if a refusal is planned; each serves once."""
        for failure in self.failures:
            if failure.number in (None, number):
                self.failures.remove(failure)
                return failure.reason
        return None

    def take_passkey(self) -> bool:
        """Whether the next linking meets a demand for a passkey; each serves once."""
        if not self.passkeys:
            return False
        self.passkeys -= 1
        return True
