"""A key that can't encrypt what stands is told before anything is changed."""

import pytest

from infra.deploy import CannotDeploy
from infra.deploy.account import Account, new_session
from infra.deploy.checks import check_key

OWN = {"OwnKey": "yes", "KeyArn": ""}
GIVEN = {"OwnKey": "no", "KeyArn": "arn:aws:kms:eu-west-3:123456789012:key/12345678-1234-1234-1234-123456789012"}
NONE = {"OwnKey": "no", "KeyArn": ""}


@pytest.fixture
def account() -> Account:
    return Account("123456789012", "eu-west-3", new_session("eu-west-3"))


@pytest.mark.parametrize("chosen", [OWN, GIVEN, NONE])
def test_a_new_stack_has_any_and_keeps_it(account: Account, chosen: dict[str, str]) -> None:
    check_key(account, chosen, None)
    check_key(account, chosen, chosen)


def test_a_stack_from_before_there_was_a_choice_keeps_aws_s_own(account: Account) -> None:
    check_key(account, NONE, {})


@pytest.mark.parametrize(
    ("before", "chosen", "name"), [(NONE, OWN, "OwnKey"), (OWN, NONE, "OwnKey"), (NONE, GIVEN, "KeyArn")]
)
def test_one_that_stands_doesn_t_lose_its_files_to_another(
    account: Account, before: dict[str, str], chosen: dict[str, str], name: str
) -> None:
    with pytest.raises(CannotDeploy, match=f"^{name} can only be chosen for a new stack"):
        check_key(account, chosen, before)


def test_files_that_are_adopted_keep_their_own_key_whatever_the_stack_has(account: Account) -> None:
    check_key(account, GIVEN | {"AdoptedFiles": "fs-0123456789abcdef0"}, NONE)


def test_a_key_of_another_region_encrypts_nothing_here(account: Account) -> None:
    elsewhere = {**GIVEN, "KeyArn": GIVEN["KeyArn"].replace("eu-west-3", "us-east-1")}
    with pytest.raises(CannotDeploy, match="The key must be in eu-west-3"):
        check_key(account, elsewhere, None)
