"""Which of a stack's resources are there, asked of the services themselves and not of CloudFormation."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Clients = Callable[[str], Any]


@dataclass(frozen=True)
class Listing:
    """How a service lists what it has: in which operation, under which key, and which key names one (None: itself)."""

    service: str
    operation: str
    under: str
    key: str | None

    def names(self, clients: Clients) -> set[str]:
        """Return the names of all, over all pages: a process's tests share an account, and leave in it what is kept."""
        return {
            str(one[self.key] if self.key else one)
            for page in self._pages(clients(self.service))
            for one in page.get(self.under, [])
            if self.key is None or one.get("State") not in {"deleted", "deleting"}
        }

    def _pages(self, client: Any) -> Iterator[Mapping[str, Any]]:
        if client.can_paginate(self.operation):
            yield from client.get_paginator(self.operation).paginate()
        else:
            yield getattr(client, self.operation)()


THERE = {
    "AWS::ApiGatewayV2::Api": Listing("apigatewayv2", "get_apis", "Items", "ApiId"),
    "AWS::CloudWatch::Alarm": Listing("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "AWS::DynamoDB::Table": Listing("dynamodb", "list_tables", "TableNames", None),
    "AWS::EC2::InternetGateway": Listing("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "AWS::EC2::NatGateway": Listing("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    "AWS::EC2::RouteTable": Listing("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    "AWS::EC2::SecurityGroup": Listing("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    "AWS::EC2::Subnet": Listing("ec2", "describe_subnets", "Subnets", "SubnetId"),
    "AWS::EC2::VPC": Listing("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "AWS::EC2::VPCEndpoint": Listing("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "AWS::EFS::FileSystem": Listing("efs", "describe_file_systems", "FileSystems", "FileSystemId"),
    "AWS::IAM::Role": Listing("iam", "list_roles", "Roles", "RoleName"),
    "AWS::KMS::Key": Listing("kms", "list_keys", "Keys", "KeyId"),
    "AWS::Lambda::Function": Listing("lambda", "list_functions", "Functions", "FunctionName"),
    "AWS::Logs::LogGroup": Listing("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::S3::Bucket": Listing("s3", "list_buckets", "Buckets", "Name"),
    "AWS::SNS::Topic": Listing("sns", "list_topics", "Topics", "TopicArn"),
    "AWS::SQS::Queue": Listing("sqs", "list_queues", "QueueUrls", None),
    "AWS::SecretsManager::Secret": Listing("secretsmanager", "list_secrets", "SecretList", "ARN"),
}


def standing(clients: Clients, resources: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the logical ids of those that are there, of resources' types and physical ids by logical id."""
    kinds = {kind for kind, _ in resources.values()} & set(THERE)
    found = {kind: {_name(kind, one) for one in THERE[kind].names(clients)} for kind in kinds}
    return {name for name, (kind, physical) in resources.items() if _name(kind, physical) in found.get(kind, ())}


def _name(kind: str, physical: str) -> str:
    # By name: moto gives the template's and the caller's URLs different hosts.
    return physical.rpartition("/")[2] if kind == "AWS::SQS::Queue" else physical


def asked_about(resources: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the logical ids of those whose services are asked."""
    return {name for name, (kind, _) in resources.items() if kind in THERE}
