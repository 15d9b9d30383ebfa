"""A stack's removal as CloudFormation does it: each resource after all that refer to it, once, and what is kept stays.

moto tries in any order until nothing moves any more, knows one of the policies that keep a resource, and quietly leaves
what it has no way to remove.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any

import pytest
from moto.cloudformation import parsing

from infra.deploy.destruction import KEPT
from infra.template import references
from tests.infra import types

Clients = Callable[[str], Any]
Removal = Callable[[Clients, str, Mapping[str, Any]], object]


def _disassociate(ec2: Any, subnet: str) -> None:
    ours = [{"Name": "association.subnet-id", "Values": [subnet]}]
    for table in ec2.describe_route_tables(Filters=ours)["RouteTables"]:
        for one in table["Associations"]:
            if one.get("SubnetId") == subnet:
                ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])


REMOVED: dict[str, Removal] = {
    # By the service's own call, told the physical id and the properties.
    "AWS::ApiGatewayV2::Api": lambda to, name, _: to("apigatewayv2").delete_api(ApiId=name),
    "AWS::CloudWatch::Alarm": lambda to, name, _: to("cloudwatch").delete_alarms(AlarmNames=[name]),
    "AWS::CloudWatch::Dashboard": lambda to, name, _: to("cloudwatch").delete_dashboards(DashboardNames=[name]),
    "AWS::EC2::EIP": lambda to, name, _: to("ec2").release_address(PublicIp=name),
    "AWS::EC2::InternetGateway": lambda to, name, _: to("ec2").delete_internet_gateway(InternetGatewayId=name),
    "AWS::EC2::NatGateway": lambda to, name, _: to("ec2").delete_nat_gateway(NatGatewayId=name),
    "AWS::EC2::RouteTable": lambda to, name, _: to("ec2").delete_route_table(RouteTableId=name),
    "AWS::EC2::SubnetRouteTableAssociation": lambda to, _, given: _disassociate(to("ec2"), given["SubnetId"]),
    "AWS::EC2::VPCEndpoint": lambda to, name, _: to("ec2").delete_vpc_endpoints(VpcEndpointIds=[name]),
    "AWS::EC2::VPCGatewayAttachment": lambda to, _, given: to("ec2").detach_internet_gateway(**given),
    "AWS::ECS::Cluster": lambda to, name, _: to("ecs").delete_cluster(cluster=name),
    "AWS::ECS::TaskDefinition": lambda to, name, _: to("ecs").deregister_task_definition(taskDefinition=name),
    "AWS::Logs::MetricFilter": lambda to, name, given: to("logs").delete_metric_filter(
        logGroupName=given["LogGroupName"], filterName=name
    ),
    "AWS::S3::BucketPolicy": lambda to, _, given: to("s3").delete_bucket_policy(Bucket=given["Bucket"]),
    "AWS::SNS::Subscription": lambda to, name, _: to("sns").unsubscribe(SubscriptionArn=name),
    "AWS::SecretsManager::Secret": lambda to, name, _: to("secretsmanager").delete_secret(
        SecretId=name, ForceDeleteWithoutRecovery=True
    ),
}
WITH_ANOTHER = frozenset(
    {
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::EC2::Route",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::Lambda::Permission",
    }
)
"""What goes with the API, the route table, the security group or the function that it is a part of."""


@contextmanager
def as_cloudformation_does(clients: Clients) -> Iterator[None]:
    """Have moto remove stacks so; ``clients`` lead to it."""

    def delete(self: parsing.ResourceMap) -> None:
        declared: dict[str, Any] = self._resource_json_map
        for name in order(declared):
            one = self._parsed_resources.get(name)
            if one is not None and declared[name].get("DeletionPolicy") not in KEPT:
                _remove(clients, self, name, declared[name])

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(parsing.ResourceMap, "delete", delete)
        yield


def order(resources: Mapping[str, Any]) -> list[str]:
    """Return the logical ids, each before all that it refers to or depends on."""
    depends = {
        name: {one for one in (*references(resource), *_listed(resource.get("DependsOn", []))) if one in resources}
        for name, resource in resources.items()
    }
    return list(TopologicalSorter(depends).static_order())[::-1]


def _remove(clients: Clients, made: parsing.ResourceMap, name: str, declared: dict[str, Any]) -> None:
    kind, one = declared["Type"], made._parsed_resources[name]
    if kind in REMOVED:
        given = {key: _resolved(made, value) for key, value in declared.get("Properties", {}).items()}
        REMOVED[kind](clients, one.physical_resource_id, given)
    elif kind not in WITH_ANOTHER:
        known = kind in types.REMEMBERED or kind in types.CALLED
        by_type = parsing.resource_class_from_type(kind).delete_from_cloudformation_json
        assert known or hasattr(one, "delete") or not hasattr(by_type, "__isabstractmethod__"), f"{kind} would stay"
        made._delete_resource(one, declared)
    made._parsed_resources.pop(name)


def _resolved(made: parsing.ResourceMap, value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"Ref"} and value["Ref"] in made._parsed_resources:
        one = made._parsed_resources[value["Ref"]]
        # A parameter is its own value.
        return getattr(one, "physical_resource_id", one)
    return value


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names
