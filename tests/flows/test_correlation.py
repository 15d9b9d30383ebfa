"""One request's id, from the call's answer to the worker's log and the webhook."""

from chalicelib.services.correlation import HEADER
from infra.local.client import Stack, eventually
from tests.receivers import listening


def test_a_call_s_id_is_in_the_worker_s_log_and_with_the_webhook_of_what_it_sent(stack: Stack, number: str) -> None:
    with listening() as receiver:
        created = stack.post("/v1/sessions", {"id": number, "webhook": {"url": receiver.url}})
        assert created.status_code == 201, created.text
        stack.scan(stack.code(number), number)
        eventually(lambda: receiver.of("session.connected"))
        made = created.headers[HEADER]
        assert {one.headers[HEADER] for one in receiver.of("session.starting")} == {made}
        assert receiver.of("session.connected")[0].headers[HEADER] == made
        body = {"to": {"phone": f"+{number}"}, "type": "text", "text": {"body": "Catatan"}}
        sent = stack.post(f"/v1/sessions/{number}/messages?wait=10", body)
        named = sent.headers[HEADER]
        assert named != made
        (told,) = eventually(lambda: receiver.of("message.sent"))
        assert told.headers[HEADER] == named
    lines = eventually(lambda: [line for line in stack.log().splitlines() if named in line])
    assert any('"event": "message"' in line for line in lines), "the worker's own line"
    assert any("webhook." in line for line in lines), "and the function's that posted"
    assert "Catatan" not in stack.log()
