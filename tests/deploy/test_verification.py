"""Whether CloudFront takes a distribution of the account, told before anything is created."""

from collections.abc import Iterator

import pytest
from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.models import CloudFrontBackend, cloudfront_backends

from infra.deploy import CannotDeploy
from infra.deploy.account import Account
from infra.deploy.verification import ADVICE, COMMENT, check_verified, explained_failure, forget_attempt
from tests.deploy.cloud import running


class NotVerified(CloudFrontException):
    def __init__(self) -> None:
        super().__init__("AccessDenied", "Your account must be verified before you can add new CloudFront resources.")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with running(monkeypatch) as account:
        cloudfront_backends[account.number]["aws"].distributions.clear()
        yield account
        cloudfront_backends[account.number]["aws"].distributions.clear()


def made(account: Account) -> list[tuple[str, bool]]:
    told = account.session.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
    return [(one["Comment"], one["Enabled"]) for one in told]


def test_an_account_without_any_is_tried_with_one_that_serves_nothing(account: Account) -> None:
    check_verified(account)
    assert made(account) == [(COMMENT, False)]


def test_one_that_has_one_isn_t_tried(account: Account) -> None:
    check_verified(account)
    check_verified(account)
    assert len(made(account)) == 1


def test_what_was_tried_is_removed_once_it_is_in_place(account: Account) -> None:
    check_verified(account)
    assert forget_attempt(account)
    assert made(account) == []
    assert not forget_attempt(account)


def test_a_refusal_is_told_with_the_way_on(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotVerified

    monkeypatch.setattr(CloudFrontBackend, "create_distribution", refuse)
    with pytest.raises(CannotDeploy, match="EDGE=none"):
        check_verified(account)


def test_the_stack_s_own_refusal_is_too() -> None:
    reasons = "  Distribution (AWS::CloudFront::Distribution): Your account must be verified before you can add new ..."
    assert explained_failure(reasons) == f"{reasons}\n{ADVICE}"
    assert explained_failure("  Table: no") == "  Table: no"
