"""What a deleted session leaves behind: nothing."""

from infra.local.client import eventually, next_frame, send
from tests.flows.table import Service, TheTable


def test_a_deleted_session_leaves_nothing_in_the_table(stack, number, friend):
    stack.link(number)
    assert send(stack, number, friend.number, "Kopi?").status_code == 200
    table, (worker,) = TheTable(stack), Service(stack, number).workers()
    uid = table.uid(number)

    def left() -> list[str]:
        found = table.client.query(
            TableName=table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"S#{uid}"}},
        )
        return [item["sk"]["S"] for item in found["Items"]]

    assert {"SESSION", "LEASE"} <= set(left())
    with stack.watch(number) as socket:
        assert stack.delete(f"/api/sessions/{number}").ok
        # Told by the consumer of the log, which keeps what it tells of first.
        next_frame(socket, "deleted")
    eventually(lambda: worker not in stack.workers())
    assert left() == []
