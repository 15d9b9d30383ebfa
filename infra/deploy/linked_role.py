"""The role by which ECS itself works in the account: a new one lacks it, and CloudFormation doesn't wait for it.

The console makes it with the first cluster. A template's first cluster with capacity providers fails without it.
"""

from typing import Final

from botocore.exceptions import ClientError

from infra.deploy.account import Account, explained, refused

NAME: Final = "AWSServiceRoleForECS"
SERVICE: Final = "ecs.amazonaws.com"


def ensure(account: Account) -> bool:
    """Create the role unless the account has it; return whether it hadn't. Raises Refused."""
    iam = account.session.client("iam")
    with explained(f"look for the role {NAME}"):
        try:
            iam.get_role(RoleName=NAME)
        except ClientError as error:
            if not refused(error, "NoSuchEntity"):
                raise
        else:
            return False
    with explained(f"create the role {NAME}"):
        try:
            iam.create_service_linked_role(AWSServiceName=SERVICE)
        except ClientError as error:
            # Somebody was faster: IAM says that the name is taken.
            if not refused(error, "InvalidInput", "EntityAlreadyExists"):
                raise
            return False
    return True
