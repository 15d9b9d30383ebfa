from chalicelib.adapters.dynamodb.messages import to_item
from chalicelib.adapters.dynamodb.table import typed
from chalicelib.domain.content import Deleted, Target
from chalicelib.domain.messages import MessageStatus
from infra.local.mappings import function_of, mapping
from tests.makers import a_message

SMALLEST = {"FunctionName": {"Ref": "Control"}, "EventSourceArn": "arn:aws:dynamodb:us-east-1:1:table/t/stream/s"}


def test_a_mapping_of_the_template_is_read_whole(aws):
    found = mapping(
        "FanoutMapping", aws.resolve(aws.template.of_type("AWS::Lambda::EventSourceMapping")["FanoutMapping"])
    )
    assert (found.function, found.partial, found.bisect) == ("Fanout", True, True)
    assert found.source == aws.table("Table").describe()["TableDescription"]["LatestStreamArn"]
    assert found.retries is not None
    assert found.max_age_s is not None


def test_without_bounds_it_goes_on_for_ever():
    found = mapping("M", SMALLEST)
    assert (found.retries, found.max_age_s, found.bisect, found.partial) == (None, None, False, False)


def test_without_filters_everything_passes():
    assert mapping("M", SMALLEST).wants({"anything": 1})


def test_the_template_lets_sessions_messages_and_redriven_events_to_the_fanout_and_no_removed_message(aws):
    fanout = mapping("F", aws.resolve(aws.template.of_type("AWS::Lambda::EventSourceMapping")["FanoutMapping"]))
    control = mapping("C", aws.resolve(aws.template.of_type("AWS::Lambda::EventSourceMapping")["ControlMapping"]))

    def passing(policy):
        records = [
            (kind, sk) for kind in ("INSERT", "MODIFY", "REMOVE") for sk in ("SESSION", "M#1", "E#1", "H#1", "LEASE")
        ]
        wanted = [one for one in records if policy.wants(record(*one))]
        return {f"{kind} {sk}" for kind, sk in wanted}

    def record(kind, sk, status="sent"):
        return {"eventName": kind, "dynamodb": {"Keys": {"sk": {"S": sk}}, "NewImage": {"status": {"S": status}}}}

    sessions = {"INSERT SESSION", "MODIFY SESSION", "REMOVE SESSION"}
    assert passing(control) == sessions
    assert passing(fanout) == sessions | {"INSERT M#1", "MODIFY M#1", "INSERT E#1", "MODIFY E#1"}
    assert not any(fanout.wants(record("INSERT", "M#1", status)) for status in ("queued", "sending"))


def test_of_what_waits_to_be_sent_the_template_lets_deletions_to_the_fanout(aws):
    fanout = mapping("F", aws.resolve(aws.template.of_type("AWS::Lambda::EventSourceMapping")["FanoutMapping"]))

    def wanted(kind, **fields):
        item = typed(to_item(a_message(**fields)))
        keys = {name: item[name] for name in ("pk", "sk")}
        return fanout.wants({"eventName": kind, "dynamodb": {"Keys": keys, "NewImage": item}})

    deletion = Deleted(Target("3EB0"))
    assert wanted("INSERT", content=deletion), "what it deletes is being deleted from now on"
    assert not wanted("INSERT")
    assert not wanted("MODIFY", content=deletion, status=MessageStatus.SENDING)


def test_a_function_is_named_by_ref_or_by_its_arn():
    assert function_of({"Ref": "Control"}) == function_of({"Fn::GetAtt": ["Control", "Arn"]}) == "Control"
