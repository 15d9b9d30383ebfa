"""Which call an item goes back to, as the table keeps it and the stream tells it."""

from typing import Any

from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions, change
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.session import LastEvent
from chalicelib.services.correlation import in_call, on_behalf_of
from tests.makers import NOW, a_message, a_session

EVENT = LastEvent("E1", "message.queued", NOW, {})


def record(table: Table, sk: str) -> dict[str, Any]:
    """The stream's record of the newest write of that item."""
    image = table.client.get_item(TableName=table.name, Key={"pk": {"S": f"S#{a_session().uid}"}, "sk": {"S": sk}})
    keys = {"pk": image["Item"]["pk"], "sk": image["Item"]["sk"]}
    return {
        "eventName": "MODIFY",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026-01-01T00:00:00.000",
        "dynamodb": {"SequenceNumber": "1", "Keys": keys, "NewImage": image["Item"]},
    }


def test_a_session_keeps_the_id_of_the_last_call_that_changed_it(table: Table) -> None:
    sessions = DynamoSessions(table)
    with in_call("made"):
        sessions.create(a_session())
    assert change(record(table, "SESSION")).request == "made"
    standing = sessions.get(a_session().uid)
    assert standing is not None
    assert standing.request == "made"
    with in_call("stopped"):
        assert sessions.move(a_session(version=1, request=standing.request))
    assert change(record(table, "SESSION")).request == "stopped"


def test_who_acts_on_an_older_record_leaves_a_newer_call_s_id_alone(table: Table) -> None:
    sessions = DynamoSessions(table)
    with in_call("newer"):
        sessions.create(a_session())
    standing = sessions.get(a_session().uid)
    assert standing is not None
    with on_behalf_of("older"):
        assert sessions.move(a_session(version=1, request=standing.request))
    assert change(record(table, "SESSION")).request == "newer"


def test_a_message_keeps_the_id_of_the_call_that_made_it_whoever_moves_it(table: Table) -> None:
    messages = DynamoMessages(table)
    with in_call("sent"):
        messages.put(a_message(last_event=EVENT))
    stands = messages.get(a_message().uid, a_message().id)
    assert stands is not None
    assert messages.move(a_message(version=1, request=stands.request, last_event=EVENT))
    assert change(record(table, f"M#{a_message().id}")).request == "sent"


def test_what_nobody_called_for_has_none(table: Table) -> None:
    DynamoMessages(table).put(a_message(last_event=EVENT))
    assert change(record(table, f"M#{a_message().id}")).request is None
