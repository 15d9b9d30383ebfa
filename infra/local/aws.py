"""The local AWS: the template's resources in moto, and the environment that leads production code to them."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final, Self

import boto3
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.moto_api import state_manager

from infra.local.iam.callers import OPERATOR, Callers
from infra.local.moto.cloudformation import register
from infra.local.moto.server import MotoServer, answer_inside, keep_no_instances
from infra.template import Template, is_expression, key

ACCOUNT: Final = DEFAULT_ACCOUNT_ID
REGION: Final = "us-east-1"
STACK: Final = "switchboard-local"


class LocalAws:
    """A running moto with the template's resources created in it."""

    def __init__(self, template: Template, parameters: Mapping[str, str], name: str = STACK) -> None:
        self.template = template.decided(parameters)
        self._parameters = parameters
        self._name = name
        self.callers = Callers()
        self._server = MotoServer()
        self._server.denial = self.callers.denial
        self._closing = ExitStack()
        self._values: dict[str, str] = {}
        self.physical: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._closing.enter_context(self._server)
        # Tasks go from state to state when the task runner says so, not each time somebody looks.
        state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
        register()
        self._create()
        keep_no_instances()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return self._server.url

    @property
    def server(self) -> MotoServer:
        """The server, for parts of the stack that take part in its requests."""
        return self._server

    def environment(self) -> dict[str, str]:
        """The environment that leads an AWS SDK to this server, as the operator, who may do everything.

        It sets every variable that an SDK reads, so that nothing of the developer's own account is used.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.callers.key_id(OPERATOR),
            "AWS_SECRET_ACCESS_KEY": self.callers.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # Else the SDK puts the account's number before the host's name in DynamoDB's endpoints.
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def arguments(self) -> dict[str, str]:
        """What boto3's client takes to speak to this server as the operator."""
        return {
            "region_name": REGION,
            "endpoint_url": self.url,
            "aws_access_key_id": self.callers.key_id(OPERATOR),
            "aws_secret_access_key": self.callers.secret_key,
        }

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a boto3 client of this AWS, whatever the environment says."""
        client: Any = boto3.client(service, config=config, **self.arguments)  # type: ignore[call-overload]
        answer_inside(client.meta.events, self._server)
        return client

    def resolve(self, value: Any) -> Any:
        """Return ``value`` of the template with its expressions replaced; those about functions and APIs stay."""
        if is_expression(value):
            return self._values.get(key(value), value)
        if isinstance(value, dict):
            return {name: self.resolve(one) for name, one in value.items()}
        return [self.resolve(one) for one in value] if isinstance(value, list) else value

    @property
    def variables(self) -> dict[str, str]:
        """The functions' environment, but for what depends on functions and APIs, or is CloudFront's secret."""
        resolved = {
            name: str(value)
            for name, value in self.resolve(self.template.variables).items()
            if not is_expression(value)
        }
        return {name: value for name, value in resolved.items() if value and not value.startswith("{{resolve:")}

    def table(self, logical_id: str) -> Table:
        """Return moto's own table object: the stream and the rows are reached in process."""
        backend: DynamoDBBackend = dynamodb_backends[ACCOUNT][REGION]
        return backend.get_table(self.physical[logical_id])

    def _create(self) -> None:
        body, outputs = self.template.for_moto()
        stacks = self.client("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self._parameters.items()]
        stacks.create_stack(StackName=self._name, TemplateBody=body, Parameters=given)
        stack = stacks.describe_stacks(StackName=self._name)["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise RuntimeError(f"moto could not create the template's resources: {stack.get('StackStatusReason')}")
        values = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
        self._values = {expression: values[output] for expression, output in outputs.items()}
        resources = stacks.describe_stack_resources(StackName=self._name)["StackResources"]
        # A rule of a security group has no id in moto, and nothing speaks to it.
        known = [one for one in resources if "PhysicalResourceId" in one]
        self.physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in known}
        self._finish_tables()
        self._finish_networks()

    def _finish_networks(self) -> None:
        """Do what moto's CloudFormation leaves out of a VPC: without host names its RunTask fails."""
        for name, properties in self.template.of_type("AWS::EC2::VPC").items():
            value = {"Value": bool(properties.get("EnableDnsHostnames", False))}
            self.client("ec2").modify_vpc_attribute(VpcId=self.physical[name], EnableDnsHostnames=value)

    def _finish_tables(self) -> None:
        """Do what moto's CloudFormation leaves out of a table."""
        for name, properties in self.template.of_type("AWS::DynamoDB::Table").items():
            setting = properties.get("TimeToLiveSpecification")
            if setting:
                table = self.physical[name]
                self.client("dynamodb").update_time_to_live(TableName=table, TimeToLiveSpecification=setting)
