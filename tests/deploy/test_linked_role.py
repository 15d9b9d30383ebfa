"""The role that a new account lacks: made once, by whoever comes first."""

from collections.abc import Iterator

import pytest

from infra.deploy import account as accounts
from infra.deploy.account import Account
from tests.deploy.cloud import client, running


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account without the role, which moto has for all regions together."""
    with running(monkeypatch) as account:
        iam = client(account, "iam")
        for role in iam.list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]:
            iam.delete_service_linked_role(RoleName=role["RoleName"])
        yield account


def test_it_is_made_where_it_lacks_and_left_alone_where_it_is(account: Account) -> None:
    assert accounts.ensure_linked_role(account)
    role = client(account, "iam").get_role(RoleName=accounts.ECS_ROLE)["Role"]
    assert role["Path"] == f"/aws-service-role/{accounts.ECS}/"
    assert not accounts.ensure_linked_role(account)


def test_who_is_faster_is_no_failure(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.ensure_linked_role(account)
    # As if it had come between the look and the call.
    monkeypatch.setattr(accounts, "ECS_ROLE", "AWSServiceRoleForNobody")
    assert not accounts.ensure_linked_role(account)
