"""A stack that can't be changed just now says why, and what to do."""

from collections.abc import Iterator

import pytest
from moto.cloudformation.models import cloudformation_backends

from infra.deploy import CannotDeploy
from infra.deploy.account import Account
from infra.deploy.destruction import clear
from infra.deploy.stack import DeployedStack
from tests.deploy.cloud import client, running

BODY = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with running(monkeypatch) as account:
        client(account, "cloudformation").create_stack(StackName="mine", TemplateBody=BODY)
        yield account


def stand(account: Account, status: str) -> DeployedStack:
    """Put the stack into a status."""
    cloudformation_backends[account.number][account.region].get_stack("mine").status = status
    return DeployedStack(account, "mine", lambda _: None)


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_one_that_is_being_changed_is_left_alone(account: Account, status: str) -> None:
    with pytest.raises(CannotDeploy, match=rf"is being changed \({status}\)"):
        stand(account, status).free()


def test_one_that_is_stuck_is_said_how_to_free(account: Account) -> None:
    with pytest.raises(CannotDeploy, match="aws cloudformation continue-update-rollback --stack-name mine"):
        stand(account, "UPDATE_ROLLBACK_FAILED").free()


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"])
def test_one_that_was_never_up_is_cleared_away(account: Account, status: str) -> None:
    stack = stand(account, status)
    state = stack.free()
    assert state is not None
    assert state.stillborn
    clear(account, stack, "mine", lambda _: None)
    assert stack.state() is None


def test_one_that_could_not_be_removed_is_to_be_removed_again(account: Account) -> None:
    with pytest.raises(CannotDeploy, match="could not be removed before"):
        stand(account, "DELETE_FAILED").free()


def test_one_that_stands_is_told_with_what_it_has(account: Account) -> None:
    stack = stand(account, "UPDATE_ROLLBACK_COMPLETE")
    state = stack.free()
    assert state is not None
    assert state.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [(name, kind) for name, kind, _ in stack.resources()] == [("Topic", "AWS::SNS::Topic")]
