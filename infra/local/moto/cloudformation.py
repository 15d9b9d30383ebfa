"""What moto's CloudFormation skips or mangles, done right: secrets, Fargate task definitions, names of file systems.

moto looks each resource type up among its models' direct subclasses, and the one defined last wins.
"""

import json
from secrets import token_urlsafe
from typing import Any, Final

import yaml
from moto.cloudformation import models, parsing, responses
from moto.core.common_models import CloudFormationModel
from moto.core.utils import pascal_to_camelcase, remap_nested_keys
from moto.ecs.models import TaskDefinition, ecs_backends
from moto.efs.models import AccessPoint, FileSystem
from moto.secretsmanager.models import secretsmanager_backends

# Where the API's names aren't CloudFormation's with a small first letter.
_API_NAMES: Final = {
    "eFSVolumeConfiguration": "efsVolumeConfiguration",
    "filesystemId": "fileSystemId",
    "iAM": "iam",
}


def register() -> None:
    """Have moto look again: it remembers which classes there were when it first looked."""
    for remembered in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        remembered.cache_clear()
    _name_file_systems()
    for reader in (models, responses):
        vars(reader)["yaml"] = _Templates


class _Templates:
    """What moto asks of yaml. Our templates are JSON, for which yaml takes a hundred times as long: seconds."""

    Loader = yaml.Loader
    add_multi_constructor = staticmethod(yaml.add_multi_constructor)

    @staticmethod
    def load(text: str, Loader: Any) -> Any:  # noqa: N803 - yaml's name
        return json.loads(text) if text.startswith("{") else yaml.load(text, Loader=Loader)  # noqa: S506 - moto's


def _name_file_systems() -> None:
    """Give file systems and access points the names that templates ask for."""
    names: tuple[tuple[type, str, Any], ...] = (
        (FileSystem, "get_cfn_attribute", lambda self, _: self.file_system_arn),
        (AccessPoint, "get_cfn_attribute", lambda self, _: self.access_point_arn),
        (AccessPoint, "physical_resource_id", property(lambda self: self.access_point_id)),
    )
    for model, name, attribute in names:
        setattr(model, name, attribute)


class _Immediate:
    """What both types share. No model itself: moto looks only at direct subclasses of its CloudFormationModel."""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Return whether GetAtt knows the attribute."""
        return attr == "Arn"

    def is_created(self) -> bool:
        """Return whether the resource is ready; these are at once."""
        return True

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: Any, *_: Any, **__: Any) -> Any:
        """Leave it as it is: nothing of it that may change is kept here."""
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        """Refuse: the stack goes with its process."""
        raise NotImplementedError


class Secret(_Immediate, CloudFormationModel):
    """AWS::SecretsManager::Secret: with a value if one is to be generated; else whoever deploys puts it."""

    # moto files each model under the second part of its module's name.
    __module__ = "moto.cloudformation.ext"

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type in templates."""
        return "AWS::SecretsManager::Secret"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "Secret":
        """Create the secret in moto, under its name."""
        backend = secretsmanager_backends[account_id][region_name]
        properties = cloudformation_json["Properties"]
        wanted = properties.get("GenerateSecretString")
        secret, _version = backend._add_secret(  # noqa: SLF001 - create_secret() answers with JSON text only
            resource_name,
            description=properties.get("Description"),
            secret_string=token_urlsafe(int(wanted.get("PasswordLength", 32))) if wanted else None,
        )
        return cls(secret.arn)

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return an attribute; there is only one."""
        if attribute_name != "Arn":
            raise NotImplementedError(f"AWS::SecretsManager::Secret has no attribute {attribute_name} here")
        return self.physical_resource_id


class FargateTaskDefinition(_Immediate, CloudFormationModel):
    """AWS::ECS::TaskDefinition with all its properties; moto's own forgets cpu, roles, network mode and more."""

    __module__ = "moto.cloudformation.ext"

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource: none."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type in templates."""
        return "AWS::ECS::TaskDefinition"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> TaskDefinition:
        """Register the definition as RegisterTaskDefinition would."""
        given = remap_nested_keys(cloudformation_json["Properties"], _api_name)
        # moto counts memory by container only; on Fargate the task's own is enough.
        containers = [{"memory": int(given.get("memory", 0))} | one for one in given["containerDefinitions"]]
        return ecs_backends[account_id][region_name].register_task_definition(
            family=given.get("family", resource_name),
            container_definitions=containers,
            volumes=given.get("volumes"),
            network_mode=given.get("networkMode"),
            requires_compatibilities=given.get("requiresCompatibilities"),
            cpu=given.get("cpu"),
            memory=given.get("memory"),
            task_role_arn=given.get("taskRoleArn"),
            execution_role_arn=given.get("executionRoleArn"),
            runtime_platform=given.get("runtimePlatform"),
        )

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,  # noqa: ARG003 - moto's signature
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> TaskDefinition:
        """Register another revision: a definition is never changed."""
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)


def _api_name(name: str) -> str:
    camel = pascal_to_camelcase(name)
    return _API_NAMES.get(camel, camel)
