"""A ring: what a worker is called for. It is a hint: what is to be done stands in the table, and rings get lost."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Matter(StrEnum):
    """What there is to look at."""

    ANYTHING = "anything"
    MESSAGE = "message"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring."""

    matter: Matter = Matter.ANYTHING


ANYTHING: Final = Ring()
