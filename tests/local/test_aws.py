import copy
from uuid import uuid4

from infra.local.aws import LocalAws
from infra.template import TEMPLATE, Template, load_template


def test_a_resource_added_to_the_template_appears():
    document = copy.deepcopy(load_template(TEMPLATE).document)
    document["Resources"]["Extra"] = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 77}}
    document["Globals"]["Function"]["Environment"]["Variables"]["EXTRA_URL"] = {"Ref": "Extra"}
    with LocalAws(Template(document), {"WorkerImage": "local"}, f"test-{uuid4().hex[:8]}") as aws:
        url = aws.variables["EXTRA_URL"]
        found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"] == {"VisibilityTimeout": "77"}


def test_the_functions_variables_are_resolved_but_for_what_depends_on_an_api(aws):
    variables = aws.variables
    assert variables["TABLE_NAME"] == aws.physical["Table"]
    assert variables["WORKER_SUBNETS"].split(",") == [aws.physical["SubnetA"], aws.physical["SubnetB"]]
    assert variables["STANDBY_MIN"] == "1"
    assert "WS_ENDPOINT" not in variables


def test_the_table_has_its_indexes_and_its_time_to_live(aws):
    table = aws.client("dynamodb").describe_table(TableName=aws.variables["TABLE_NAME"])["Table"]
    assert [index["IndexName"] for index in table["LocalSecondaryIndexes"]] == ["open"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["due"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    ttl = aws.client("dynamodb").describe_time_to_live(TableName=table["TableName"])
    assert ttl["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}


def test_the_task_definition_stays_one_for_fargate(aws):
    found = aws.client("ecs").describe_task_definition(taskDefinition=aws.variables["WORKER_TASK"])["taskDefinition"]
    assert (found["networkMode"], found["cpu"], found["memory"]) == ("awsvpc", "256", "512")
    (container,) = found["containerDefinitions"]
    assert container["command"] == ["python", "-m", "chalicelib.worker"]
    assert {"name": "TABLE_NAME", "value": aws.variables["TABLE_NAME"]} in container["environment"]


def test_a_secret_is_there_to_be_given_a_value(aws):
    secrets = aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=aws.variables["SIGNING_KEYS_SECRET"], SecretString="{}")
    assert secrets.get_secret_value(SecretId=aws.variables["SIGNING_KEYS_SECRET"])["SecretString"] == "{}"


def test_the_dead_letter_queue_stands_behind_the_wake_queue(aws):
    attributes = aws.client("sqs").get_queue_attributes(
        QueueUrl=aws.variables["WAKE_QUEUE_URL"], AttributeNames=["All"]
    )
    assert "WakeDeadLetterQueue" in attributes["Attributes"]["RedrivePolicy"]


def test_what_names_a_function_stays_an_expression(aws):
    rule = aws.resolve(aws.template.of_type("AWS::Events::Rule")["TaskStateRule"])
    assert rule["Targets"][0]["Arn"] == {"Fn::GetAtt": ["TaskState", "Arn"]}
    assert rule["EventPattern"]["detail"]["clusterArn"][0].startswith("arn:aws:ecs:")
