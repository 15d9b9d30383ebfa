"""The stack's later life: changed, and asked for what it is already."""

import copy

import pytest
from botocore.exceptions import ClientError

from tests.infra.cloud import PARAMETERS, moto_cloud

pytestmark = pytest.mark.subprocess


def test_a_stack_that_stands_is_changed_in_place(package):
    with moto_cloud(package, "switchboard-changing") as cloud:
        cloud.create()
        rows, before = cloud.client("dynamodb"), cloud.physical
        rows.put_item(TableName=cloud.outputs["TableName"], Item={"pk": {"S": "S#1"}, "sk": {"S": "SESSION"}})
        # Asked for what it is: nothing is done.
        with pytest.raises(ClientError, match="No updates are to be performed"):
            cloud.update(cloud.template)
        # A changed property reaches its resource, and nothing else is touched.
        changed = copy.deepcopy(cloud.template)
        changed["Resources"]["WakeQueue"]["Properties"]["VisibilityTimeout"] = 200
        cloud.update(changed)
        asked = cloud.client("sqs").get_queue_attributes(QueueUrl=before["WakeQueue"], AttributeNames=["All"])
        assert asked["Attributes"]["VisibilityTimeout"] == "200"
        assert cloud.physical == before
        # A new image is a new revision of the task, of which the functions are told.
        cloud.update(changed, PARAMETERS | {"WorkerImage": f"{PARAMETERS['WorkerImage']}-next"})
        new = cloud.outputs["WorkerTaskDefinition"]
        described = cloud.client("ecs").describe_task_definition(taskDefinition=new)["taskDefinition"]
        assert described["containerDefinitions"][0]["image"].endswith("-next")
        assert new != before["WorkerTask"]
        assert cloud.stack["StackStatus"] == "UPDATE_COMPLETE"
        assert rows.scan(TableName=cloud.outputs["TableName"])["Count"] == 1
