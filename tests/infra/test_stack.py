"""What stands after the stack's creation, asked of the services themselves where moto keeps it."""

import json
from typing import Any

import pytest

from chalicelib.domain.media import prefix_of
from chalicelib.services.ports import Figure
from infra.page import ROOT
from infra.template import decided, references
from tests.infra.cloud import PARAMETERS, moto_cloud
from tests.infra.parameter_sets import EVERYTHING, NAMELESS, NO_EDGE
from tests.infra.removal import as_cloudformation_does
from tests.infra.standing import asked_about, standing

pytestmark = pytest.mark.subprocess


def statements(role):
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def test_everything_is_created(cloud):
    assert cloud.stack["StackStatus"] == "CREATE_COMPLETE"
    assert set(decided(cloud.template, PARAMETERS)["Resources"]) == set(cloud.physical)


def test_so_it_is_with_every_choice_taken(package):
    with moto_cloud(package, "switchboard-all") as full:
        full.create(EVERYTHING)
        told = full.function_environment("Control")
        assert set(decided(full.template, EVERYTHING)["Resources"]) == set(full.physical)
        assert told["WORKER_SUBNETS"].split(",") == [full.physical["PrivateSubnetA"], full.physical["PrivateSubnetB"]]
        assert (told["WORKER_PUBLIC_ADDRESS"], told["WORKER_CAPACITY"]) == ("0", "FARGATE_SPOT")
        assert full.outputs["Address"] == "https://whatsapp.example.com"
        table = full.client("dynamodb").describe_table(TableName=full.outputs["TableName"])["Table"]
        assert not table["DeletionProtectionEnabled"]
        alarms = full.client("cloudwatch").describe_alarms()["MetricAlarms"]
        mine = [one for one in alarms if one["AlarmName"].startswith("switchboard-all")]
        assert {tuple(one["AlarmActions"]) for one in mine} == {(full.physical["AlarmTopic"],)}
        removed(full)


def test_so_it_is_without_an_edge(package):
    with moto_cloud(package, "switchboard-bare") as bare:
        bare.create(NAMELESS)
        assert set(decided(bare.template, NAMELESS)["Resources"]) == set(bare.physical)
        assert not [kind for kind, _ in bare.resources.values() if kind.startswith("AWS::CloudFront::")]
        rest, sockets = bare.physical["RestAPI"], bare.physical["WebsocketAPI"]
        assert bare.outputs["Address"] == f"https://{rest}.execute-api.us-east-1.amazonaws.com/api"
        assert bare.outputs["SocketsAddress"] == f"wss://{sockets}.execute-api.us-east-1.amazonaws.com/api"
        told = bare.function_environment("APIHandler")
        assert (told["SOCKETS_ADDRESS"], told["EDGE_SECRET"]) == (bare.outputs["SocketsAddress"], "")
        assert not {"DistributionAddress", "EdgeSecretName"} & set(bare.outputs)


def test_and_with_a_name_for_each_of_the_two_apis(package):
    with moto_cloud(package, "switchboard-named") as named:
        named.create(NO_EDGE)
        assert named.outputs["Address"] == "https://whatsapp.example.com"
        assert named.function_environment("WebsocketConnect")["SOCKETS_ADDRESS"] == "wss://sockets.example.com/"
        records = {named.asked(one)["Name"]: named.asked(one)["AliasTarget"] for one in ("RestRecord", "SocketRecord")}
        assert records["whatsapp.example.com"]["DNSName"].startswith("d-switchboard-named-restdomain")
        assert records["sockets.example.com"]["DNSName"].startswith("d-switchboard-named-socketdomain")
        assert named.asked("RestDomainStage")["Stage"] == named.physical["RestAPIapiStage"]


def removed(cloud):
    """Remove the stack; nothing is left of it but what is kept."""
    resources = cloud.resources
    assert standing(cloud.client, resources) == asked_about(resources)
    assert len(asked_about(resources)) > 70
    with as_cloudformation_does(cloud.client):
        cloud.client("cloudformation").delete_stack(StackName=cloud.name)
    kept = {name for name, one in cloud.template["Resources"].items() if "DeletionPolicy" in one}
    assert standing(cloud.client, resources) == kept & asked_about(resources)
    # The account's setting for API Gateway, which its role is kept for, is asked of nobody.
    assert kept - asked_about(resources) == {"AccessLogAccount"}


def test_the_table_is_protected_and_tells_what_happens(cloud):
    table = cloud.client("dynamodb").describe_table(TableName=cloud.outputs["TableName"])["Table"]
    assert table["DeletionProtectionEnabled"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert [one["IndexName"] for one in table["LocalSecondaryIndexes"]] == ["open"]
    assert [one["IndexName"] for one in table["GlobalSecondaryIndexes"]] == ["due"]


def test_items_end_by_their_time_and_the_table_is_encrypted_and_can_be_put_back(cloud):
    # moto's CloudFormation leaves these out.
    asked = decided(cloud.template, PARAMETERS)["Resources"]["Table"]
    assert asked["Properties"]["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert asked["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert asked["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert asked["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("consumer", ["ControlMapping", "FanoutMapping"])
def test_a_consumer_of_the_stream_splits_reports_and_gives_up_in_the_end(cloud, consumer):
    mapping = cloud.asked(consumer)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"]
    assert mapping["MaximumRecordAgeInSeconds"] == 3600
    bucket = cloud.outputs["FailureBucketName"]
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == f"arn:aws:s3:::{bucket}"


def test_the_reconciler_is_called_for_sessions_alone(cloud):
    (pattern,) = cloud.asked("ControlMapping")["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"dynamodb": {"Keys": {"sk": {"S": ["SESSION"]}}}}


@pytest.mark.parametrize(
    ("queue", "dead"), [("WakeQueue", "WakeDeadLetterQueue"), ("DeliveryQueue", "DeliveryDeadLetterQueue")]
)
def test_what_fails_five_times_goes_to_the_dead_letters_and_all_is_encrypted(cloud, queue, dead):
    sqs = cloud.client("sqs")

    def attributes(name):
        return sqs.get_queue_attributes(QueueUrl=cloud.physical[name], AttributeNames=["All"])["Attributes"]

    redrive = json.loads(attributes(queue)["RedrivePolicy"])
    assert redrive == {"deadLetterTargetArn": attributes(dead)["QueueArn"], "maxReceiveCount": 5}
    assert {attributes(name)["SqsManagedSseEnabled"] for name in (queue, dead)} == {"true"}


@pytest.mark.parametrize("bucket", ["FailureBucketName", "MediaBucketName"])
def test_buckets_are_private_encrypted_short_lived_and_for_tls_only(cloud, bucket):
    s3, name = cloud.client("s3"), cloud.outputs[bucket]
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    # moto's CloudFormation leaves these out.
    asked = cloud.template["Resources"][bucket.removesuffix("Name")]["Properties"]
    assert set(asked["PublicAccessBlockConfiguration"].values()) == {True}
    rules = asked["LifecycleConfiguration"]["Rules"]
    assert [one["ExpirationInDays"] for one in rules if "Prefix" not in one] == [7]


def test_uploads_that_nobody_has_asked_for_go_within_a_day(cloud):
    rules = cloud.template["Resources"]["MediaBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    short = [(one["Prefix"], one["ExpirationInDays"]) for one in rules if "Prefix" in one]
    assert short == [("uploads/", 1)]


def test_any_page_posts_what_is_signed_and_those_on_listed_origins_read_files(cloud):
    def rules(**given: str) -> list[dict[str, Any]]:
        """The bucket's rules; moto keeps none of a stack's."""
        bucket = decided(cloud.template, PARAMETERS | given)["Resources"]["MediaBucket"]
        return list(bucket["Properties"]["CorsConfiguration"]["CorsRules"])

    (posts,) = rules()
    assert (posts["AllowedMethods"], posts["AllowedOrigins"]) == (["POST"], ["*"])
    again, reads = rules(AllowedOrigins="https://a.example.com,https://b.example.com")
    assert again == posts
    assert reads["AllowedOrigins"] == {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}
    assert reads["AllowedMethods"] == ["GET"]


def to_bucket(distribution, name):
    """What leads to a bucket: the path's behaviour, and the origin."""
    (behaviour,) = [one for one in distribution["CacheBehaviors"] if one["TargetOriginId"] == name]
    (origin,) = [one for one in distribution["Origins"] if one["Id"] == name]
    return behaviour, origin


def test_files_are_read_over_the_edge_by_their_signature_alone_and_run_nothing(cloud):
    distribution = cloud.asked("Distribution")["DistributionConfig"]
    behaviour, origin = to_bucket(distribution, "media")
    assert behaviour["PathPattern"] == f"/{prefix_of('')[:-1]}*"
    # What is signed is the bucket's own name in its region.
    assert origin["DomainName"].startswith(f"{cloud.outputs['MediaBucketName']}.s3")
    assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    assert "OriginCustomHeaders" not in origin
    assert (behaviour["AllowedMethods"], behaviour["ViewerProtocolPolicy"]) == (["GET", "HEAD"], "https-only")
    assert "FunctionAssociations" not in behaviour
    assert behaviour["CachePolicyId"] == distribution["DefaultCacheBehavior"]["CachePolicyId"]
    asked = cloud.asked("MediaRequests")["OriginRequestPolicyConfig"]
    assert asked["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert asked["CookiesConfig"] == {"CookieBehavior": "none"}
    assert asked["HeadersConfig"]["Headers"] == ["Origin"]
    said = cloud.asked("MediaHeaders")["ResponseHeadersPolicyConfig"]
    assert said["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}
    policy = said["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert policy["Override"]
    assert {"sandbox", "default-src 'none'"} <= set(policy["ContentSecurityPolicy"].split("; "))


def test_the_page_s_files_are_kept_at_the_edge_and_told_nothing_of_who_asks(cloud):
    behaviour, origin = to_bucket(cloud.asked("Distribution")["DistributionConfig"], "page")
    assert behaviour["PathPattern"] == f"/{ROOT}/*"
    assert origin["DomainName"].startswith(f"{cloud.outputs['PageBucketName']}.s3")
    assert "OriginCustomHeaders" not in origin
    assert (behaviour["AllowedMethods"], behaviour["ViewerProtocolPolicy"]) == (["GET", "HEAD"], "https-only")
    # AWS's CachingOptimized; without a policy for what is sent on, no header of the caller's is.
    assert behaviour["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert not {"OriginRequestPolicyId", "FunctionAssociations"} & set(behaviour)
    assert behaviour["Compress"]
    said = cloud.asked("PageHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert said["ContentTypeOptions"] == {"Override": True}
    assert said["ContentSecurityPolicy"]["ContentSecurityPolicy"].startswith("default-src 'none';")


def test_only_the_edge_reads_the_page_s_bucket_and_only_what_it_serves(cloud):
    s3, name = cloud.client("s3"), cloud.outputs["PageBucketName"]
    denied, allowed = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    assert allowed["Resource"] == f"arn:aws:s3:::{name}/{ROOT}/*"
    (edge,) = allowed["Condition"]["StringEquals"].values()
    assert edge.endswith(f":distribution/{cloud.physical['Distribution']}")
    asked = cloud.template["Resources"]["PageBucket"]["Properties"]
    assert set(asked["PublicAccessBlockConfiguration"].values()) == {True}
    access = cloud.asked("PageAccess")["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["OriginAccessControlOriginType"]) == ("always", "s3")


def test_workers_reach_out_and_nothing_reaches_in(cloud):
    described = cloud.client("ec2").describe_security_groups(GroupIds=[cloud.physical["WorkerSecurityGroup"]])
    (group,) = described["SecurityGroups"]
    assert group["IpPermissions"] == []
    # moto's CloudFormation lets everything out.
    out = cloud.template["Resources"]["WorkerSecurityGroup"]["Properties"]["SecurityGroupEgress"]
    assert {(one["FromPort"], one["ToPort"]) for one in out} == {(443, 443), (2049, 2049)}


def test_only_workers_reach_the_linked_devices_files(cloud):
    described = cloud.client("ec2").describe_security_groups(GroupIds=[cloud.physical["DeviceSecurityGroup"]])
    (rule,) = described["SecurityGroups"][0]["IpPermissions"]
    assert [one["GroupId"] for one in rule["UserIdGroupPairs"]] == [cloud.physical["WorkerSecurityGroup"]]
    assert (rule["FromPort"], rule["ToPort"]) == (2049, 2049)


def test_the_worker_s_container_is_locked_down(cloud):
    described = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.outputs["WorkerTaskDefinition"])
    definition = described["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    assert definition["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    assert container["image"] == PARAMETERS["WorkerImage"]
    assert container["readonlyRootFilesystem"]
    assert container["user"] == "10001:10001"
    assert container["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}}
    assert container["restartPolicy"] == {"enabled": False}
    assert container["healthCheck"]["command"] == ["CMD", "python", "-m", "chalicelib.worker.health"]
    assert container["logConfiguration"]["options"]["awslogs-group"] == cloud.outputs["WorkerLogGroup"]


def test_its_files_are_mounted_over_tls_by_role_through_the_access_point(cloud):
    described = cloud.client("ecs").describe_task_definition(taskDefinition=cloud.outputs["WorkerTaskDefinition"])
    (volume,) = [one for one in described["taskDefinition"]["volumes"] if one["name"] == "devices"]
    assert volume["efsVolumeConfiguration"] == {
        "fileSystemId": cloud.outputs["DeviceFileSystem"],
        "rootDirectory": "/",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": cloud.physical["DeviceAccess"], "iam": "ENABLED"},
    }
    efs = cloud.client("efs")
    (point,) = efs.describe_access_points(FileSystemId=cloud.outputs["DeviceFileSystem"])["AccessPoints"]
    assert {"Uid": str(point["PosixUser"]["Uid"]), "Gid": str(point["PosixUser"]["Gid"])} == {
        "Uid": "10001",
        "Gid": "10001",
    }
    (files,) = efs.describe_file_systems(FileSystemId=cloud.outputs["DeviceFileSystem"])["FileSystems"]
    assert files["Encrypted"]
    assert files["NumberOfMountTargets"] == 2


def test_functions_that_ring_their_own_queue_may(cloud):
    functions = {
        n: r["Properties"] for n, r in cloud.template["Resources"].items() if r["Type"] == "AWS::Lambda::Function"
    }
    assert {name for name, one in functions.items() if one.get("RecursiveLoop") == "Allow"} == {"Wake", "Deliver"}


def test_each_function_has_a_role_of_its_own(cloud):
    resources = cloud.template["Resources"]
    functions = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::Lambda::Function"]
    roles = [one["Role"]["Fn::GetAtt"][0] for one in functions]
    assert len(roles) == len(set(roles)) == 12


def test_a_star_is_allowed_only_where_aws_knows_no_resource(cloud):
    roles = [r["Properties"] for r in cloud.template["Resources"].values() if r["Type"] == "AWS::IAM::Role"]
    broad = [one for role in roles if "Policies" in role for one in statements(role) if one["Resource"] == "*"]
    assert {one["Action"] for one in broad} == {"dynamodb:ListStreams", "ecs:ListTasks", "ecr:GetAuthorizationToken"}
    assert not [one for role in roles if "Policies" in role for one in statements(role) if "*" in str(one["Action"])]


def test_logs_hold_neither_queries_nor_bodies(cloud):
    for stage in ("RestAPIapiStage", "WebsocketAPIStage"):
        asked = json.dumps(cloud.template["Resources"][stage]["Properties"])
        assert "$context.requestId" in asked
        assert not [word for word in ('path\\":\\"$context.path', "querystring", "$input") if word in asked]
        assert '"DataTraceEnabled": true' not in asked


def test_the_account_lets_api_gateway_log_before_a_stage_does(cloud):
    resources = cloud.template["Resources"]
    assert resources["AccessLog"]["DependsOn"] == "AccessLogAccount"
    for name in ("RestAPIapiStage", "WebsocketAPIStage"):
        assert "AccessLog" in references(resources[name]["Properties"])


def test_what_cloudfront_sends_on_comes_with_its_proof(cloud):
    origins = cloud.asked("Distribution")["DistributionConfig"]["Origins"]
    apis = [one for one in origins if one["Id"] not in {"media", "page"}]
    assert [one["Id"] for one in apis] == ["rest", "websocket"]
    assert {header["HeaderName"] for one in apis for header in one["OriginCustomHeaders"]} == {"X-Switchboard-Edge"}
    assert cloud.asked("EdgeFunction")["FunctionCode"].startswith("import cf from 'cloudfront';")


def test_every_alarm_says_what_to_do_and_stays_quiet_without_data_but_the_sweep_s(cloud):
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    mine = [one for one in alarms if one["AlarmName"].startswith(cloud.name)]
    assert len(mine) >= 15
    assert all(len(one["AlarmDescription"]) > 20 for one in mine)
    loud = [one for one in mine if one["TreatMissingData"] != "notBreaching"]
    # Of a sweep that doesn't run there is only silence.
    assert [(one["MetricName"], one["TreatMissingData"]) for one in loud] == [("Sweeps", "breaching")]


def test_what_the_log_is_searched_for_and_what_the_functions_measure_has_an_alarm_and_is_on_the_dashboard(cloud):
    resources = cloud.template["Resources"].values()
    filters = [one["Properties"] for one in resources if one["Type"] == "AWS::Logs::MetricFilter"]
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    counted = {one["MetricTransformations"][0]["MetricName"] for one in filters}
    mine = {one["MetricName"] for one in alarms if "Switchboard/" in str(one.get("Namespace"))}
    assert mine == counted | set(Figure)
    body = str(cloud.template["Resources"]["Dashboard"]["Properties"]["DashboardBody"])
    assert [name for name in mine if f'"{name}"' not in body] == []
