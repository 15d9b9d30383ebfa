"""The resource types that moto's CloudFormation doesn't know, or forgets most of: made by a call to the service itself.

Where moto has no such service in a form that fits, the resource is remembered as it was asked for: REMEMBERED lists
those. A type that is in neither list, and that moto doesn't know, fails the tests.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.core.common_models import CloudFormationModel

Properties = Mapping[str, Any]
Clients = Callable[[str], Any]
Made = tuple[str, Mapping[str, str]]
"""What Ref and GetAtt yield."""

ASKED: dict[str, dict[str, Any]] = {}
"""The properties of each resource made here, by the stack's name and its logical id, with a slash between."""


def _bucket_policy(clients: Clients, name: str, given: Properties) -> Made:
    clients("s3").put_bucket_policy(Bucket=given["Bucket"], Policy=json.dumps(given["PolicyDocument"]))
    return given["Bucket"], {}


def _metric_filter(clients: Clients, name: str, given: Properties) -> Made:
    (one,) = given["MetricTransformations"]
    names = {"MetricName": "metricName", "MetricNamespace": "metricNamespace", "MetricValue": "metricValue"}
    clients("logs").put_metric_filter(
        logGroupName=given["LogGroupName"],
        filterName=name,
        filterPattern=given["FilterPattern"],
        metricTransformations=[{api: one[template] for template, api in names.items()}],
    )
    return name, {}


def _alarm(clients: Clients, name: str, given: Properties) -> Made:
    clients("cloudwatch").put_metric_alarm(AlarmName=name, **given)
    return name, {}


def _subscription(clients: Clients, name: str, given: Properties) -> Made:
    return clients("sns").subscribe(**given)["SubscriptionArn"], {}


def _api(clients: Clients, name: str, given: Properties) -> Made:
    return clients("apigatewayv2").create_api(**given)["ApiId"], {}


def _integration(clients: Clients, name: str, given: Properties) -> Made:
    return clients("apigatewayv2").create_integration(**given)["IntegrationId"], {}


def _route(clients: Clients, name: str, given: Properties) -> Made:
    return clients("apigatewayv2").create_route(**given)["RouteId"], {}


def _stage(clients: Clients, name: str, given: Properties) -> Made:
    # CloudFormation turns words into the numbers that a service wants.
    route = given["DefaultRouteSettings"]
    numbers = {name: int(value) for name, value in route.items() if name.startswith("Throttling")}
    clients("apigatewayv2").create_stage(**{**given, "DefaultRouteSettings": {**route, **numbers}})
    return given["StageName"], {}


def _mapping(clients: Clients, name: str, given: Properties) -> Made:
    # With moto's own, each write to the table would call the function, and empty the stream.
    return name, {}


def _remembered(clients: Clients, name: str, given: Properties) -> Made:
    named = name.lower()
    return named, {
        "DomainName": f"{named}.cloudfront.net",
        "FunctionARN": f"arn:aws:cloudfront::123456789012:function/{named}",
        "Arn": f"arn:aws:wafv2:us-east-1:123456789012:global/webacl/{named}/0",
        "RootResourceId": "root",
        "RegionalDomainName": f"d-{named}.execute-api.us-east-1.amazonaws.com",
        "RegionalHostedZoneId": "Z1UJRXOUMOOFQ8",
    }


CALLED: dict[str, Callable[[Clients, str, Properties], Made]] = {
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::SNS::Subscription": _subscription,
    "AWS::ApiGatewayV2::Api": _api,
    "AWS::ApiGatewayV2::Integration": _integration,
    "AWS::ApiGatewayV2::Route": _route,
    "AWS::ApiGatewayV2::Stage": _stage,
    "AWS::Lambda::EventSourceMapping": _mapping,
}
REMEMBERED = (
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Route53::RecordSet",
    "AWS::WAFv2::WebACL",
)


_SERVING: list[Clients] = []
"""Makers of clients of the motos that run; all that run in a process keep the same resources."""


@contextmanager
def known(clients: Clients) -> Iterator[None]:
    """Have moto know the types for as long as the moto that ``clients`` leads to serves."""
    _SERVING.append(clients)
    try:
        yield
    finally:
        _SERVING.remove(clients)


def _model(kind: str, make: Callable[[Clients, str, Properties], Made]) -> type[CloudFormationModel]:
    class Resource(CloudFormationModel):
        # moto files each model under the second part of its module's name.
        __module__ = "moto.cloudformation.ext"

        def __init__(self, made: Made) -> None:
            self.physical_resource_id, self._attributes = made
            self.key = ""

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return kind

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Any, *_: Any, **kwargs: Any
        ) -> "Resource":
            given = cloudformation_json.get("Properties", {})
            made = cls(make(_SERVING[-1], resource_name, given))
            made.key = f"{kwargs['StackId'].split('/')[1]}/{kwargs['LogicalId']}"
            ASKED[made.key] = given
            return made

        @classmethod
        def update_from_cloudformation_json(cls, original_resource: Any, *_: Any, **given: Any) -> Any:
            ASKED[original_resource.key] = given["cloudformation_json"]["Properties"]
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
            return None

        def get_cfn_attribute(self, attribute_name: str) -> str:
            return self._attributes[attribute_name]

        def is_created(self) -> bool:
            return True

    return Resource


# A class that nobody holds is forgotten, and moto finds the types among the living classes.
MODELS = [_model(kind, CALLED.get(kind, _remembered)) for kind in (*CALLED, *REMEMBERED)]
