"""A name of one's own: whether its certificate and its zone are what CloudFront and Route 53 will want of them.

Both are asked for a quarter of an hour into the creation of a stack, which is late to find a slip.
"""

from collections.abc import Mapping
from typing import Final

from infra.deploy.account import Account, explained
from infra.deploy.refusal import Refused

CERTIFICATES: Final = "us-east-1"
"""Where CloudFront looks for them."""


def check(account: Account, parameters: Mapping[str, str]) -> None:
    """Raise Refused if the certificate isn't issued or isn't for the name, or if the name isn't in the zone."""
    domain, zone = parameters.get("DomainName"), parameters.get("HostedZoneId")
    if not domain:
        return
    _check_certificate(account, parameters["CertificateArn"], domain)
    if zone:
        with explained("show the hosted zone"):
            found = account.session.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"].rstrip(".")
        if domain != found and not domain.endswith(f".{found}"):
            raise Refused(f"The hosted zone {zone} is for {found}, and {domain} isn't in it.")


def _check_certificate(account: Account, arn: str, domain: str) -> None:
    with explained("show the certificate"):
        acm = account.session.client("acm", region_name=CERTIFICATES)
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    if found["Status"] != "ISSUED":
        raise Refused(f"The certificate for {domain} isn't issued ({found['Status']}). Validate it first: {arn}")
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if not names & {domain, f"*.{domain.partition('.')[2]}"}:
        raise Refused(f"The certificate is for {', '.join(sorted(names))}, and not for {domain}.")
