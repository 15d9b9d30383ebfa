from infra.template import TEMPLATE, Template, expressions, load_template, references

QUEUE = {"Type": "AWS::SQS::Queue"}


def a_template(resources, variables=None):
    return Template({"Resources": resources, "Globals": {"Function": {"Environment": {"Variables": variables or {}}}}})


def test_a_resource_that_refers_to_a_function_is_left_out():
    template = a_template({"Mine": QUEUE, "Theirs": QUEUE | {"Properties": {"X": {"Fn::GetAtt": ["Control", "Arn"]}}}})
    assert set(template.local_resources()) == {"Mine"}


def test_so_is_one_that_refers_to_a_resource_left_out():
    template = a_template({"A": QUEUE | {"Properties": {"X": {"Ref": "B"}}}, "B": {"Type": "AWS::Lambda::Alias"}})
    assert template.local_resources() == {}


def test_what_only_watches_over_guards_or_fronts_is_left_out():
    watching = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": [{"Ref": "Mine"}]}}
    guarding = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Mine"}}}
    assert set(a_template({"Mine": QUEUE, "Alarm": watching, "Policy": guarding}).local_resources()) == {"Mine"}


def test_unless_something_that_is_kept_refers_to_it():
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Key"}}}
    key = {"Type": "AWS::KMS::Key"}
    kept = a_template({"Task": task, "Role": role, "Key": key, "Other": role}).local_resources()
    assert set(kept) == {"Task", "Role", "Key"}


def test_any_other_resource_that_is_added_is_there():
    template = load_template(TEMPLATE).decided({})
    template.document["Resources"]["Extra"] = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
    assert "Extra" in template.local_resources()


def test_references_are_found_in_every_kind_of_expression():
    value = [
        {"Ref": "A"},
        {"Fn::GetAtt": ["B", "Arn"]},
        {"Fn::Sub": "x ${C} ${D.Arn} ${AWS::Region}"},
        {"k": {"Ref": "E"}},
        {"Fn::Sub": ["${F} ${Mine}", {"Mine": {"Ref": "G"}}]},
    ]
    assert list(references(value)) == ["A", "B", "C", "D", "AWS::Region", "E", "F", "G"]


def test_only_the_outermost_expressions_count():
    inner = {"Fn::Join": [",", [{"Ref": "A"}, {"Ref": "B"}]]}
    assert list(expressions({"x": [inner, "text"], "y": {"Ref": "C"}})) == [inner, {"Ref": "C"}]


def test_moto_gets_every_local_resource_of_the_real_template():
    kept = load_template(TEMPLATE).decided({}).local_resources()
    assert {"Table", "WakeQueue", "WakeDeadLetterQueue", "Cluster", "WorkerTask", "SigningKeys", "SubnetA"} <= set(kept)
    assert {"DeviceFiles", "WorkerRole", "WorkerLogs", "MediaBucket"} <= set(kept)
    assert not {"ControlMapping", "SweepRule", "TaskStateRule", "SweepRulePermission"} & set(kept)
    assert not {"Distribution", "Dashboard", "SessionsFailed", "ControlRole", "PrivateSubnetA", "Key"} & set(kept)
