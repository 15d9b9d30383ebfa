"""What AWS has and allows against what is to be deployed, asked before anything is changed.

A template has at most 1 MB, https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
A REST API has as many resources, one a part of a path, as the account's quota says. New accounts have room for ten
functions at once, of which the stack reserves some, and vCPUs for a few
sessions. A certificate, a hosted zone and a network that stands are asked for
minutes into the creation of a stack, which is late to find a slip.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.concurrency import LEAST, PARAMETER, reserved, waiting_share
from infra.deploy import CannotDeploy
from infra.deploy.account import Account, explained, refused

TEMPLATE_BYTES: Final = 1_000_000
"""What CloudFormation takes from a bucket, whose MB may be the smaller one; 51,200 bytes come with a call itself."""
RESOURCES: Final = 300
"""API Gateway's resources in an API, unless the account has another quota."""
RESOURCES_QUOTA: Final = {"ServiceCode": "apigateway", "QuotaCode": "L-01C8A9E0"}
"""Service Quotas' name for it: Resources/Routes per REST/WebSocket API."""


def written(template: Mapping[str, Any]) -> str:
    """Return the template as it is uploaded; equal templates give equal texts."""
    return json.dumps(template, sort_keys=True)


def api_resources(template: Mapping[str, Any]) -> int:
    """Return how many resources the template's largest REST API has: each part of a path is one, and so is the root.

    The template may still have its SAM transform to do.
    """
    apis = [
        one["Properties"].get("DefinitionBody") or one["Properties"].get("Body") or {}
        for one in template["Resources"].values()
        if one["Type"] in {"AWS::Serverless::Api", "AWS::ApiGateway::RestApi"}
    ]
    return max((len(_nodes(api.get("paths", {}))) for api in apis), default=0)


def check_template(template: Mapping[str, Any], allowed: int = RESOURCES) -> None:
    """Raise CannotDeploy if CloudFormation or API Gateway would refuse the template.

    ``allowed`` is how many resources an API may have.
    """
    size = len(written(template).encode())
    if size > TEMPLATE_BYTES:
        raise CannotDeploy(f"The template has {size:,} bytes, and CloudFormation takes {TEMPLATE_BYTES:,}.")
    resources = api_resources(template)
    if resources > allowed:
        raise CannotDeploy(
            f"The API has {resources} resources, and API Gateway allows {allowed} in this account and region. Ask AWS "
            "for more: Service Quotas, Amazon API Gateway, Resources/Routes per REST/WebSocket API."
        )


def allowed_resources(account: Account) -> int:
    """Return how many resources the account's APIs may have; the default where Service Quotas doesn't tell.

    Not everybody who may deploy may ask, and some partitions have no Service Quotas.
    """
    quota = _quota(account, RESOURCES_QUOTA)
    return RESOURCES if quota is None else int(quota)


def _quota(account: Account, which: Mapping[str, str]) -> float | None:
    """Return what Service Quotas says; None where it doesn't tell."""
    try:
        told = account.session.client("service-quotas").get_service_quota(
            ServiceCode=which["ServiceCode"], QuotaCode=which["QuotaCode"]
        )
    except (BotoCoreError, ClientError):
        return None
    return float(told["Quota"]["Value"])


VCPUS: Final = {
    "FARGATE": {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"},
    "FARGATE_SPOT": {"ServiceCode": "fargate", "QuotaCode": "L-36FBB829"},
}
"""Service Quotas' names for the vCPUs of all tasks that run at a time, by where workers run."""
ASKED_BY: Final = {
    "FARGATE": "Fargate On-Demand vCPU resource count",
    "FARGATE_SPOT": "Fargate Spot vCPU resource count",
}
"""How a person finds them there."""
TASK: Final = 0.25
"""vCPUs of a worker's task."""


def check_vcpus(account: Account, parameters: Mapping[str, str]) -> str:
    """Return in a sentence how many sessions Fargate's quota has room for; raises CannotDeploy if for none."""
    capacity, standbys = parameters.get("WorkerCapacity", "FARGATE"), int(parameters.get("StandbyMin", "0"))
    where = f"Service Quotas, AWS Fargate, {ASKED_BY[capacity]}"
    quota = _quota(account, VCPUS[capacity])
    if quota is None:
        return f"AWS doesn't tell how many vCPUs tasks may have in this account; a session takes {TASK}. See {where}."
    sessions = int(quota / TASK) - standbys
    beside = f"beside {_many(standbys, 'standby worker')}"
    if sessions < 1:
        raise CannotDeploy(
            f"Fargate's quota of {quota:g} vCPUs in this account and region has room for no session {beside}. Add "
            f"PARAMETERS=StandbyMin=0 or ask AWS for more: {where}."
        )
    return f"Fargate's quota of {quota:g} vCPUs has room for {_many(sessions, 'session')} {beside}. For more: {where}."


def check_concurrency(account: Account, parameters: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Raise CannotDeploy if Lambda would refuse the reservation.

    ``before`` are the parameters of the stack that is deployed, by name.
    """
    more = reserved(parameters) - reserved(before)
    if more <= 0:
        return
    with explained("tell how many functions may run at once"):
        limit = account.session.client("lambda").get_account_settings()["AccountLimit"]
    free, least = limit["UnreservedConcurrentExecutions"], min(LEAST, limit["ConcurrentExecutions"])
    if free - more < least:
        raise CannotDeploy(
            f"{PARAMETER}={parameters[PARAMETER]} would reserve {more} more of the functions that may run at once in "
            f"this account and region; {free} are free, and {least} must stay so. Add PARAMETERS={PARAMETER}=0, or ask "
            "AWS for more: Service Quotas, Lambda, Concurrent executions."
        )


def free_for_waits(account: Account, parameters: Mapping[str, str], before: Mapping[str, str]) -> int:
    """Return how many calls may wait at a time in this account, once it reserves what ``parameters`` want.

    ``before`` are the parameters of the stack that is deployed, by name.
    """
    with explained("tell how many functions may run at once"):
        limit = account.session.client("lambda").get_account_settings()["AccountLimit"]
    return waiting_share(limit["UnreservedConcurrentExecutions"] - reserved(parameters) + reserved(before))


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _nodes(paths: Mapping[str, Any]) -> set[str]:
    found = {"/"}
    for path in paths:
        parts = path.strip("/").split("/")
        found |= {"/" + "/".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return found


KEYS: Final = {"OwnKey": "no", "KeyArn": ""}
"""The parameters that say which key encrypts, with their values where it is AWS's own."""


def check_key(account: Account, parameters: Mapping[str, str], before: Mapping[str, str] | None) -> None:
    """Raise CannotDeploy if the key is in another region, or if a stack that stands would lose its files to another.

    A file system's key can't be changed: CloudFormation would make an empty one. ``before`` are the parameters of the
    stack that stands, by name, None where there is none.
    """
    key = parameters.get("KeyArn")
    if key and key.split(":")[3] != account.region:
        raise CannotDeploy(f"The key must be in {account.region}, and {key} isn't.")
    if before is None or parameters.get("AdoptedFiles"):
        return
    changed = [name for name, usual in KEYS.items() if before.get(name, usual) != parameters.get(name, usual)]
    if changed:
        raise CannotDeploy(
            f"{changed[0]} can only be chosen for a new stack: this one would get a file system without its devices' "
            "files, and each session would have to be linked anew. Remove the stage first (make destroy), which keeps "
            "the table and the files, and go on with them: docs/operations.md, Restore."
        )


RESOLVING: Final = ("enableDnsSupport", "enableDnsHostnames")
"""EC2's attributes of a VPC, without which workers don't find the files' mount targets."""


def check_network(account: Account, parameters: Mapping[str, str]) -> None:
    """Raise CannotDeploy if subnets and groups that stand don't fit the VPC, the zones, or what workers need.

    Not everybody who may deploy may ask EC2; then the stack's own attempt tells.
    """
    vpc = parameters.get("VpcId")
    if not vpc:
        return
    subnets = [parameters["SubnetIdA"], parameters["SubnetIdB"]]
    groups = [one for one in parameters.get("WorkerSecurityGroups", "").split(",") if one]
    ec2: Any = account.session.client("ec2")
    with explained("show the network"):
        try:
            zones = _zones(ec2.describe_subnets(SubnetIds=subnets)["Subnets"], vpc)
            found = ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"] if groups else []
            told = {one: ec2.describe_vpc_attribute(VpcId=vpc, Attribute=one) for one in RESOLVING}
        except ClientError as error:
            if refused(error, "UnauthorizedOperation"):
                return
            raise
    if len(zones) < len(subnets):
        raise CannotDeploy(
            f"{' and '.join(subnets)} are both in {zones.pop()}. They must be in two availability zones."
        )
    elsewhere = [one["GroupId"] for one in found if one["VpcId"] != vpc]
    if elsewhere:
        raise CannotDeploy(f"The security group {elsewhere[0]} isn't in {vpc}.")
    off = [name for name, one in told.items() if not one[name[0].upper() + name[1:]]["Value"]]
    if off:
        raise CannotDeploy(f"{vpc} has {off[0]} off, and workers find their files by names. Turn it on first.")


def _zones(subnets: Sequence[Mapping[str, Any]], vpc: str) -> set[str]:
    """Return the availability zones that the subnets are in; raises CannotDeploy if one isn't in the VPC."""
    for one in subnets:
        if one["VpcId"] != vpc:
            raise CannotDeploy(f"The subnet {one['SubnetId']} isn't in {vpc}, but in {one['VpcId']}.")
    return {one["AvailabilityZone"] for one in subnets}


CERTIFICATES: Final = "us-east-1"
"""Where CloudFront looks for them."""


def check_domain(account: Account, parameters: Mapping[str, str]) -> None:
    """Raise CannotDeploy if the certificate isn't issued or isn't for the name, or if the name isn't in the zone."""
    edge = parameters.get("Edge") != "none"
    names = [parameters.get("DomainName"), parameters.get("SocketDomainName")]
    zone, region = parameters.get("HostedZoneId"), CERTIFICATES if edge else account.region
    for domain in filter(None, names):
        _check_certificate(account, parameters["CertificateArn"], domain, region)
        if zone:
            _check_zone(account, zone, domain)


def _check_zone(account: Account, zone: str, domain: str) -> None:
    with explained("show the hosted zone"):
        found = account.session.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"].rstrip(".")
    if domain != found and not domain.endswith(f".{found}"):
        raise CannotDeploy(f"The hosted zone {zone} is for {found}, and {domain} isn't in it.")


def _check_certificate(account: Account, arn: str, domain: str, region: str) -> None:
    if arn.split(":")[3] != region:
        raise CannotDeploy(f"The certificate for {domain} must be in {region}, and {arn} isn't.")
    with explained("show the certificate"):
        acm = account.session.client("acm", region_name=region)
        found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    if found["Status"] != "ISSUED":
        raise CannotDeploy(f"The certificate for {domain} isn't issued ({found['Status']}). Validate it first: {arn}")
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if not names & {domain, f"*.{domain.partition('.')[2]}"}:
        raise CannotDeploy(f"The certificate is for {', '.join(sorted(names))}, and not for {domain}.")
