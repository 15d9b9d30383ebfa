"""Which of a stack's resources are there, asked of the services themselves and not of CloudFormation."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Clients = Callable[[str], Any]


def _named(found: Iterable[Mapping[str, Any]], key: str) -> set[str]:
    return {str(one[key]) for one in found if one.get("State") not in {"deleted", "deleting"}}


THERE: dict[str, Callable[[Clients], set[str]]] = {
    "AWS::ApiGatewayV2::Api": lambda to: _named(to("apigatewayv2").get_apis()["Items"], "ApiId"),
    "AWS::CloudWatch::Alarm": lambda to: _named(to("cloudwatch").describe_alarms()["MetricAlarms"], "AlarmName"),
    "AWS::DynamoDB::Table": lambda to: set(to("dynamodb").list_tables()["TableNames"]),
    "AWS::EC2::InternetGateway": lambda to: _named(
        to("ec2").describe_internet_gateways()["InternetGateways"], "InternetGatewayId"
    ),
    "AWS::EC2::NatGateway": lambda to: _named(to("ec2").describe_nat_gateways()["NatGateways"], "NatGatewayId"),
    "AWS::EC2::RouteTable": lambda to: _named(to("ec2").describe_route_tables()["RouteTables"], "RouteTableId"),
    "AWS::EC2::SecurityGroup": lambda to: _named(to("ec2").describe_security_groups()["SecurityGroups"], "GroupId"),
    "AWS::EC2::Subnet": lambda to: _named(to("ec2").describe_subnets()["Subnets"], "SubnetId"),
    "AWS::EC2::VPC": lambda to: _named(to("ec2").describe_vpcs()["Vpcs"], "VpcId"),
    "AWS::EC2::VPCEndpoint": lambda to: _named(to("ec2").describe_vpc_endpoints()["VpcEndpoints"], "VpcEndpointId"),
    "AWS::EFS::FileSystem": lambda to: _named(to("efs").describe_file_systems()["FileSystems"], "FileSystemId"),
    "AWS::IAM::Role": lambda to: _named(to("iam").list_roles(MaxItems=1000)["Roles"], "RoleName"),
    "AWS::KMS::Key": lambda to: _named(to("kms").list_keys()["Keys"], "KeyId"),
    "AWS::Lambda::Function": lambda to: _named(to("lambda").list_functions()["Functions"], "FunctionName"),
    "AWS::Logs::LogGroup": lambda to: _named(to("logs").describe_log_groups()["logGroups"], "logGroupName"),
    "AWS::S3::Bucket": lambda to: _named(to("s3").list_buckets()["Buckets"], "Name"),
    "AWS::SNS::Topic": lambda to: _named(to("sns").list_topics()["Topics"], "TopicArn"),
    # By name: moto gives the template's and the caller's URLs different hosts.
    "AWS::SQS::Queue": lambda to: {url.rpartition("/")[2] for url in to("sqs").list_queues().get("QueueUrls", [])},
    "AWS::SecretsManager::Secret": lambda to: _named(to("secretsmanager").list_secrets()["SecretList"], "ARN"),
}


def standing(clients: Clients, resources: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the logical ids of those that are there, of resources' types and physical ids by logical id."""
    kinds = {kind for kind, _ in resources.values()} & set(THERE)
    found = {kind: THERE[kind](clients) for kind in kinds}
    return {name for name, (kind, physical) in resources.items() if _name(kind, physical) in found.get(kind, ())}


def _name(kind: str, physical: str) -> str:
    return physical.rpartition("/")[2] if kind == "AWS::SQS::Queue" else physical


def asked_about(resources: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the logical ids of those whose services are asked."""
    return {name for name, (kind, _) in resources.items() if kind in THERE}
