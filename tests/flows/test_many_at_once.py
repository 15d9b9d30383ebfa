"""More calls at once than are answered at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from infra.local.chatting import Phone, messages
from infra.local.client import Stack, eventually

SENDS = 300
FAST = {"SEND_BURST": "1000", "SEND_PER_MINUTE": "10000"}
ANA, BO = "628111000001", "628777000001"


@pytest.mark.timeout(400)
def test_each_of_300_sends_at_once_is_answered_for_before_the_gateway_s_time_is_up(
    own_stack: Callable[..., Stack],
) -> None:
    stack = own_stack(**FAST)
    stack.start()
    stack.link(ANA)
    bo = Phone(stack, BO).switch_on()

    def send(count: int) -> requests.Response:
        headers = stack.headers | {"Idempotency-Key": f"key-{count}"}
        body = {"to": BO, "message": str(count)}
        return requests.post(f"{stack.url}/api/sessions/{ANA}/send", json=body, headers=headers, timeout=60)

    # So slow that most can't wait for the end.
    stack.network("knobs/hold-acks", {"ms": 400})
    with ThreadPoolExecutor(SENDS) as callers:
        answers = list(callers.map(send, range(SENDS)))
    stack.network("knobs/hold-acks", {"ms": 0})
    others = [answer.text for answer in answers if answer.status_code not in {200, 202}]
    assert others == []
    assert 202 in {answer.status_code for answer in answers}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 29
    texts = [str(count) for count in range(SENDS)]
    eventually(lambda: len(bo.heard()) >= SENDS, within=120, every=1)
    assert sorted(bo.heard()) == sorted(texts)
    ids = {answer.json()["data"]["id"] for answer in answers}
    assert ids == {message["id"] for message in messages(stack, ANA)}
