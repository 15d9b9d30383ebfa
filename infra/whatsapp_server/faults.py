"""Fault injection: what goes wrong next, and how many codes a client is given."""

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from infra.whatsapp_server.codes import FULL_LIST
from infra.whatsapp_server.payload import Version

OUTDATED = 405

USUAL_BAN = 101
"""The code of a ban for having written to too many people."""
BAN_S = 3600


@dataclass(frozen=True, slots=True)
class PlannedFailure:
    """A refusal of the next login or message; of any number's if `number` is None.

    `ban` is the code that a ban (402) comes with, `expire_s` how long it lasts.
    """

    reason: int
    number: str | None = None
    ban: int = USUAL_BAN
    expire_s: int = BAN_S


@dataclass(frozen=True, slots=True)
class PlannedPasskey:
    """A demand for a passkey at the next linking; of any number's if `number` is None.

    `options` is whether the demand comes with the request options, `proof` whether the phone knows the code that it
    scanned: if not, it can't check the device's proof, and shows a code to be compared.
    """

    number: str | None = None
    options: bool = True
    proof: bool = True


@dataclass(slots=True)
class Faults:
    """The server's changeable behaviour; as it stands here it behaves like WhatsApp."""

    references: int = FULL_LIST
    refreshes: int = 0
    least_version: Version = (0, 0, 0)
    passkeys: deque[PlannedPasskey] = field(default_factory=deque)
    failures: deque[PlannedFailure] = field(default_factory=deque)
    registration_failures: deque[PlannedFailure] = field(default_factory=deque)
    refusals: deque[PlannedFailure] = field(default_factory=deque)
    code_refusals: deque[PlannedFailure] = field(default_factory=deque)
    held_acks_s: float = 0
    spoilt: int = 0

    def outdated(self, version: Version) -> PlannedFailure | None:
        """What to refuse a client with that is too old."""
        return PlannedFailure(OUTDATED) if version < self.least_version else None

    def take_failure(self, number: str) -> PlannedFailure | None:
        """What to refuse this login with, if a refusal is planned; each serves once."""
        return _taken(self.failures, number)

    def take_registration_failure(self) -> PlannedFailure | None:
        """What to refuse a new device with, if a refusal is planned; each serves once."""
        return self.registration_failures.popleft() if self.registration_failures else None

    def take_refresh(self) -> bool:
        """Whether the next scan makes WhatsApp want a new code instead; each serves once."""
        if not self.refreshes:
            return False
        self.refreshes -= 1
        return True

    def take_refusal(self, number: str) -> int | None:
        """The code to refuse this number's message with, if a refusal is planned; each serves once."""
        planned = _taken(self.refusals, number)
        return planned.reason if planned else None

    def take_code_refusal(self, number: str) -> int | None:
        """The code to refuse a pairing code for this number with, if a refusal is planned; each serves once."""
        planned = _taken(self.code_refusals, number)
        return planned.reason if planned else None

    def take_spoiling(self) -> bool:
        """Whether the next message to a linked device is changed on its way; each serves once."""
        if not self.spoilt:
            return False
        self.spoilt -= 1
        return True

    def take_passkey(self, number: str) -> PlannedPasskey | None:
        """The demand for a passkey that this number's linking meets, if there is one; each serves once."""
        return _taken(self.passkeys, number)


class _Planned(Protocol):
    @property
    def number(self) -> str | None: ...


P = TypeVar("P", bound=_Planned)


def _taken(planned: deque[P], number: str) -> P | None:
    for failure in planned:
        if failure.number in (None, number):
            planned.remove(failure)
            return failure
    return None
