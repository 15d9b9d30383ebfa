"""A certificate and a zone that don't fit the name are told before anything is made."""

from collections.abc import Iterator

import pytest
from moto.acm.models import acm_backends

from infra.deploy import CannotDeploy, checks
from infra.deploy.account import Account
from tests.deploy.cloud import client, running


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patching, running(patching) as account:
        yield account


@pytest.fixture(scope="module")
def certificate(account: Account) -> str:
    asked = {"DomainName": "*.example.com", "SubjectAlternativeNames": ["example.com"], "ValidationMethod": "DNS"}
    acm = account.session.client("acm", region_name="us-east-1")
    arn = str(acm.request_certificate(**asked)["CertificateArn"])
    # moto validates it after a minute.
    acm_backends[account.number]["us-east-1"].get_certificate(arn).status = "ISSUED"
    return arn


def chosen(name: str, certificate: str, zone: str = "") -> dict[str, str]:
    return {"DomainName": name, "CertificateArn": certificate, "HostedZoneId": zone}


def test_one_that_is_issued_for_the_name_fits(account: Account, certificate: str) -> None:
    checks.check_domain(account, chosen("whatsapp.example.com", certificate))
    checks.check_domain(account, chosen("example.com", certificate))
    checks.check_domain(account, {"DomainName": "", "CertificateArn": "", "HostedZoneId": ""})


@pytest.mark.parametrize("name", ["a.b.example.com", "example.org", "badexample.com"])
def test_one_for_another_name_doesn_t(account: Account, certificate: str, name: str) -> None:
    with pytest.raises(CannotDeploy, match=rf"is for \*\.example\.com, example\.com, and not for {name}"):
        checks.check_domain(account, chosen(name, certificate))


def test_one_that_isn_t_issued_yet_doesn_t(account: Account) -> None:
    acm = account.session.client("acm", region_name="us-east-1")
    arn = acm.request_certificate(DomainName="new.example.com", ValidationMethod="DNS")["CertificateArn"]
    with pytest.raises(CannotDeploy, match=r"isn't issued \(PENDING_VALIDATION\)"):
        checks.check_domain(account, chosen("new.example.com", arn))


def test_one_that_isn_t_there_is_aws_s_word(account: Account) -> None:
    nowhere = f"arn:aws:acm:us-east-1:123456789012:certificate/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    with pytest.raises(CannotDeploy, match=r"AWS would not show the certificate: .*\(ResourceNotFoundException\)"):
        checks.check_domain(account, chosen("whatsapp.example.com", nowhere))


def test_the_name_must_be_in_the_zone(account: Account, certificate: str) -> None:
    made = client(account, "route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    zone = made.rpartition("/")[2]
    checks.check_domain(account, chosen("whatsapp.example.com", certificate, zone))
    other = client(account, "route53").create_hosted_zone(Name="ample.com", CallerReference="2")["HostedZone"]["Id"]
    with pytest.raises(CannotDeploy, match=r"is for ample\.com, and whatsapp\.example\.com isn't in it"):
        checks.check_domain(account, chosen("whatsapp.example.com", certificate, other.rpartition("/")[2]))


def test_cloudfront_s_certificate_is_looked_for_where_cloudfront_does(account: Account) -> None:
    arn = f"arn:aws:acm:{account.region}:123456789012:certificate/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    with pytest.raises(CannotDeploy, match="must be in us-east-1"):
        checks.check_domain(account, chosen("whatsapp.example.com", arn))


def test_without_an_edge_one_of_the_stack_s_own_region_is_for_both_names(account: Account, certificate: str) -> None:
    acm = account.session.client("acm")
    asked = {"DomainName": "*.example.com", "ValidationMethod": "DNS"}
    arn = str(acm.request_certificate(**asked)["CertificateArn"])
    acm_backends[account.number][account.region].get_certificate(arn).status = "ISSUED"
    own = {"Edge": "none", "SocketDomainName": "sockets.example.com"}
    checks.check_domain(account, chosen("whatsapp.example.com", arn) | own)
    with pytest.raises(CannotDeploy, match=r"not for sockets\.example\.org"):
        checks.check_domain(
            account, chosen("whatsapp.example.com", arn) | own | {"SocketDomainName": "sockets.example.org"}
        )
    with pytest.raises(CannotDeploy, match=f"must be in {account.region}"):
        checks.check_domain(account, chosen("whatsapp.example.com", certificate) | own)
