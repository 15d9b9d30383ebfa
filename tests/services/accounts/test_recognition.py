"""Credentials that were looked up a moment ago."""

from dataclasses import replace

import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.errors import Unauthenticated
from chalicelib.services.accounts.recognition import GOOD_FOR, MOST, Recognition
from tests.fakes import FakeClock

ANA = Principal("ana", "default", Role.MEMBER)


class Looks:
    """Who is found, and which credentials were looked up."""

    def __init__(self, found: Principal = ANA) -> None:
        self.found: Principal | None = found
        self.asked: list[str] = []

    def __call__(self, given: str) -> Principal:
        self.asked.append(given)
        if self.found is None:
            raise Unauthenticated("No.")
        return self.found


def test_a_credential_is_looked_up_once_within_seconds_and_each_by_itself() -> None:
    clock, looks = FakeClock(), Looks()
    known = Recognition(clock)
    assert [known.recently(given, looks) for given in ("a", "a", "b", "a")] == [ANA] * 4
    assert looks.asked == ["a", "b"]


def test_one_that_was_ended_is_refused_within_seconds_and_from_then_on() -> None:
    clock, looks = FakeClock(), Looks()
    known = Recognition(clock)
    known.recently("a", looks)
    looks.found = None
    clock.now += GOOD_FOR - 1
    assert known.recently("a", looks) == ANA, "it isn't looked up again just by being used"
    clock.now += 1
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            known.recently("a", looks)


def test_a_token_s_own_end_counts_at_once() -> None:
    clock = FakeClock()
    looks, known = Looks(replace(ANA, expires_at=clock.now + 10)), Recognition(clock)
    known.recently("a", looks)
    clock.now += 10
    looks.found = None
    with pytest.raises(Unauthenticated):
        known.recently("a", looks)


def test_what_is_forgotten_is_looked_up_and_only_so_many_are_remembered() -> None:
    looks, known = Looks(), Recognition(FakeClock())
    for number in range(MOST + 1):
        known.recently(str(number), looks)
    known.recently(str(MOST), looks)
    known.recently("0", looks)
    assert looks.asked[MOST:] == [str(MOST), "0"]
    known.forget()
    known.recently("0", looks)
    assert looks.asked[-1] == "0"
