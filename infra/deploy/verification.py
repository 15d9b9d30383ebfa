"""Whether the account may make a CloudFront distribution: AWS takes none of a new one before it has verified it.

Nothing tells that but the attempt, and in a stack a refusal comes late and takes everything back. So the first
deployment of an account without any distribution begins with one that is switched off and serves nothing. CloudFront
removes none that it is still putting in place, so it goes at the end of this deployment, or of the next one.
"""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import CannotDeploy
from infra.deploy.account import Account

COMMENT: Final = "switchboard: made to see whether CloudFront takes any, switched off"
REFUSAL: Final = "must be verified"
"""What CloudFront says of an account that is too new."""
ADVICE: Final = (
    "CloudFront takes no distribution of this account before AWS has verified it: ask AWS Support for that, or deploy "
    "without CloudFront: add EDGE=none. Then the two APIs have an address each, see docs/deploy.md."
)
_CONFIG: Final[dict[str, Any]] = {
    # The same each time: a second attempt gets the distribution that the first one made.
    "CallerReference": "switchboard-verification",
    "Comment": COMMENT,
    "Enabled": False,
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "nowhere",
                "DomainName": "gateway.example.com",
                "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
            }
        ],
    },
    "DefaultCacheBehavior": {
        "TargetOriginId": "nowhere",
        "ViewerProtocolPolicy": "https-only",
        # AWS's own: CachingDisabled.
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    },
}


def check_verified(account: Account) -> None:
    """Raise CannotDeploy if CloudFront takes no distribution of the account.

    An account that has one is verified. Where whoever deploys may not ask, the stack's own attempt tells.
    """
    cloudfront = account.session.client("cloudfront")
    try:
        if cloudfront.list_distributions(MaxItems="1")["DistributionList"].get("Items"):
            return
        cloudfront.create_distribution(DistributionConfig=_CONFIG)
    except ClientError as error:
        if REFUSAL in str(error.response["Error"].get("Message")):
            raise CannotDeploy(ADVICE) from error
    except BotoCoreError:
        return


def forget_attempt(account: Account) -> bool:
    """Remove what ``check_verified`` made, if CloudFront has put it in place; return whether something was removed."""
    cloudfront = account.session.client("cloudfront")
    try:
        pages = cloudfront.get_paginator("list_distributions").paginate()
        made = [one for page in pages for one in page["DistributionList"].get("Items", []) if one["Comment"] == COMMENT]
        for one in made:
            if one["Status"] == "Deployed":
                etag = cloudfront.get_distribution_config(Id=one["Id"])["ETag"]
                cloudfront.delete_distribution(Id=one["Id"], IfMatch=etag)
                return True
    except (ClientError, BotoCoreError):
        # It costs nothing, and the next deployment tries again.
        return False
    return False


def explained_failure(reasons: str) -> str:
    """Return what CloudFormation said of a failed deployment, with advice where CloudFront refused the account."""
    return f"{reasons}\n{ADVICE}" if REFUSAL in reasons else reasons
