"""What the stack reserves of Lambda's quota, against what the account has."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from infra.deploy import quota
from infra.deploy.account import Account
from infra.deploy.refusal import Refused
from tests.deploy.cloud import QUOTA, running


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        yield account


@dataclass(frozen=True)
class Case:
    """An account's quota and what of it is free; what each of the functions shall reserve, and reserves."""

    every: int
    free: int
    wanted: int
    before: int = 0

    def check(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(QUOTA, "ConcurrentExecutions", self.every)
        monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", self.free)
        before = {"ReservedConcurrency": str(self.before)} if self.before else {}
        quota.check(account, {"ReservedConcurrency": str(self.wanted)}, before)


@pytest.mark.parametrize(
    "case",
    [
        Case(1000, 1000, 20),
        Case(140, 140, 20),
        # A new account, of which nothing is reserved.
        Case(10, 10, 0),
        # What the stack has already isn't asked for again.
        Case(140, 100, 20, 20),
        Case(140, 100, 10, 20),
    ],
)
def test_what_leaves_enough_to_others_passes(account: Account, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    case.check(account, monkeypatch)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (Case(10, 10, 20), "ReservedConcurrency=20 would reserve 40 more .* 10 are free, and 10 must stay so"),
        (Case(10, 10, 1), "would reserve 2 more"),
        (Case(139, 139, 20), "139 are free, and 100 must stay so"),
        (Case(140, 100, 21, 20), "would reserve 2 more"),
    ],
)
def test_what_lambda_would_refuse_is_refused_in_words(
    account: Account, monkeypatch: pytest.MonkeyPatch, case: Case, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        case.check(account, monkeypatch)


def test_what_polls_reserve_is_counted_where_anything_is_reserved(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUOTA, "ConcurrentExecutions", 240)
    monkeypatch.setitem(QUOTA, "UnreservedConcurrentExecutions", 239)
    wanted = {"ReservedConcurrency": "20", "PollConcurrency": "100"}
    with pytest.raises(Refused, match="would reserve 140 more"):
        quota.check(account, wanted, {})
    quota.check(account, wanted, {"ReservedConcurrency": "20", "PollConcurrency": "99"})
    quota.check(account, wanted | {"ReservedConcurrency": "0"}, {})
