"""Names with the longest stage in the longest region are ones that AWS takes."""

import boto3

from infra.deploy import artifacts, image
from infra.deploy.choices import LONGEST, Choices
from infra.template import TEMPLATE, load_template

STACK = Choices("s" * LONGEST, {}).stack
REGION = max(boto3.Session(region_name="us-east-1").get_available_regions("cloudformation"), key=len)


def of(resource: str, name: str) -> str:
    """Return a name in the template with stack and region filled in."""
    value = load_template(TEMPLATE).resources[resource]["Properties"][name]["Fn::Sub"]
    return str(value.replace("${AWS::StackName}", STACK).replace("${AWS::Region}", REGION))


def test_the_bucket_of_the_code() -> None:
    assert len(artifacts.named(STACK, "0" * 12, REGION)) <= 63


def test_the_edge_function_and_the_dashboard() -> None:
    assert len(of("EdgeFunction", "Name")) <= 64
    assert len(of("Dashboard", "DashboardName")) <= 255
    assert len(of("WorkerTask", "Family")) <= 255
    assert len(image.repository_name(STACK)) <= 256


def test_a_mailbox_of_a_session_that_was_claimed_a_million_times() -> None:
    prefix = load_template(TEMPLATE).variables["QUEUE_PREFIX"]["Fn::Sub"].replace("${AWS::StackName}", STACK)
    assert len(f"{prefix}{'0' * 26}-1000000") <= 80
