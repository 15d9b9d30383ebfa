"""The stack's later life: changed, and asked for what it is already."""

import copy

import pytest
from botocore.exceptions import ClientError

from tests.infra.cloud import PARAMETERS, moto_cloud


@pytest.fixture(scope="module")
def living(package):
    with moto_cloud(package, "switchboard-changing") as cloud:
        cloud.create()
        yield cloud


def test_a_change_reaches_its_resource_and_leaves_the_rows_alone(living):
    rows = living.client("dynamodb")
    rows.put_item(TableName=living.outputs["TableName"], Item={"pk": {"S": "S#1"}, "sk": {"S": "SESSION"}})
    changed, before = copy.deepcopy(living.template), living.physical
    changed["Resources"]["WakeQueue"]["Properties"]["VisibilityTimeout"] = 200
    changed["Resources"]["WorkerTask"]["Properties"]["Memory"] = "1024"
    living.update(changed)
    assert living.stack["StackStatus"] == "UPDATE_COMPLETE"
    asked = living.client("sqs").get_queue_attributes(QueueUrl=living.physical["WakeQueue"], AttributeNames=["All"])
    assert asked["Attributes"]["VisibilityTimeout"] == "200"
    assert rows.scan(TableName=living.outputs["TableName"])["Count"] == 1
    assert {name for name in before if before[name] != living.physical[name]} == {"WorkerTask"}
    new = living.client("ecs").describe_task_definition(taskDefinition=living.physical["WorkerTask"])
    assert new["taskDefinition"]["revision"] == 2
    living.update(living.template)


def test_a_new_image_is_a_new_revision_of_the_task(living):
    living.update(living.template, PARAMETERS | {"WorkerImage": f"{PARAMETERS['WorkerImage']}-next"})
    described = living.client("ecs").describe_task_definition(taskDefinition=living.outputs["WorkerTaskDefinition"])
    assert described["taskDefinition"]["containerDefinitions"][0]["image"].endswith("-next")
    living.update(living.template)


def test_without_a_change_nothing_is_done(living):
    with pytest.raises(ClientError, match="No updates are to be performed"):
        living.update(living.template)
