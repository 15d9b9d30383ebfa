"""The whole translated template, created in moto as CloudFormation would create it in an account."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.core import config
from moto.moto_api import state_manager

from infra.deploy.packaging import located, translated
from infra.local.moto.cloudformation import register
from infra.local.moto.server import MotoServer
from infra.package.building import Package
from infra.template import decided
from tests.infra import types

REGION = "us-east-1"
ACCOUNT = "123456789012"
STACK = "switchboard-dev"
BUCKET, KEY = "artifacts", "functions.zip"
PARAMETERS = {"WorkerImage": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/switchboard-dev-worker:1"}


@dataclass
class Cloud:
    """A moto with the stack in it."""

    url: str
    template: dict[str, Any]
    name: str = STACK
    clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )
        return self.clients[service]

    def stands(self) -> bool:
        """Whether the stack is there: a test with a moto of its own empties all that run in the process."""
        found = self.client("cloudformation").list_stacks()["StackSummaries"]
        return any(one["StackName"] == self.name for one in found)

    def create(self, parameters: Mapping[str, str] = PARAMETERS) -> None:
        state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
        self.client("s3").create_bucket(Bucket=BUCKET)
        # An empty zip: nobody runs it here, and moto would unpack it once a function.
        self.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"PK\x05\x06" + bytes(18))
        self.client("cloudformation").create_stack(StackName=self.name, **self._asked(self.template, parameters))
        if "Vpc" not in self.physical:
            return
        # Without host names, which moto's CloudFormation leaves out of a VPC, its RunTask fails.
        given = self.template["Resources"]["Vpc"]["Properties"]["EnableDnsHostnames"]
        self.client("ec2").modify_vpc_attribute(VpcId=self.physical["Vpc"], EnableDnsHostnames={"Value": given})

    def update(self, template: dict[str, Any], parameters: Mapping[str, str] = PARAMETERS) -> None:
        self.client("cloudformation").update_stack(StackName=self.name, **self._asked(template, parameters))

    @property
    def stack(self) -> dict[str, Any]:
        return dict(self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0])

    @property
    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.stack["Outputs"]}

    @property
    def physical(self) -> dict[str, str]:
        found = self.client("cloudformation").describe_stack_resources(StackName=self.name)["StackResources"]
        return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in found}

    @property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Types and physical ids by logical id."""
        types = {name: one["Type"] for name, one in self.template["Resources"].items()}
        return {name: (types[name], physical) for name, physical in self.physical.items()}

    def function_environment(self, function: str) -> dict[str, str]:
        """What Lambda tells a function, its secrets resolved as CloudFormation resolves them."""
        told = self.client("lambda").get_function_configuration(FunctionName=self.physical[function])
        return {name: self._resolved(str(value)) for name, value in told["Environment"]["Variables"].items()}

    def asked(self, resource: str) -> dict[str, Any]:
        """The properties with which a resource was made that moto itself doesn't know."""
        return types.ASKED[f"{self.name}/{resource}"]

    def sdk_environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        }

    def _resolved(self, value: str) -> str:
        if not value.startswith("{{resolve:secretsmanager:"):
            return value
        arn = value.removeprefix("{{resolve:secretsmanager:").removesuffix(":SecretString:::}}")
        return str(self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])

    def _asked(self, template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
        # moto leaves holes where a condition leaves something out of a list, so they are decided first; and it takes
        # a number for another one than the same number in words, so that nothing would ever be unchanged.
        body = decided(template, parameters)
        body["Parameters"] = {
            name: {"Type": "String", "Default": str(one.get("Default"))} for name, one in body["Parameters"].items()
        }
        every = {name: one["Default"] for name, one in body["Parameters"].items()} | dict(parameters)
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in every.items()]
        return {"TemplateBody": json.dumps(body), "Parameters": given}


@contextmanager
def moto_cloud(package: Package, name: str = STACK) -> Iterator[Cloud]:
    """Serve a moto that knows all of the template's types, and has no stack yet."""
    config.default_user_config["lambda"]["use_docker"] = False
    with MotoServer() as server:
        cloud = Cloud(server.url, translated(located(package.document(), f"s3://{BUCKET}/{KEY}"), REGION), name)
        register()
        with types.known(cloud.client):
            yield cloud
