"""More calls at once than are answered at once."""

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from infra.local.client import Phone, Stack, eventually, messages

SENDS = int(os.environ.get("SENDS", "60"))
"""Sends at once. With SENDS=300, and nothing else on the machine, a gateway that counts a call's time from when it begins
to be worked on answers some with 504, and sends them all the same; a busy machine can't do so many in 29 seconds."""
TRIES = 10
FAST = {"SEND_BURST": "1000", "SEND_PER_MINUTE": "10000"}
ANA, BO = "628111000001", "628777000001"


@pytest.mark.timeout(400)
def test_each_of_many_sends_at_once_is_answered_for_before_the_gateway_s_time_is_up(
    own_stack: Callable[..., Stack],
) -> None:
    stack = own_stack(**FAST)
    stack.start()
    stack.link(ANA)
    bo = Phone(stack, BO).switch_on()

    refused = Counter[int]()
    longest = [0.0]

    def send(count: int) -> requests.Response:
        """Send one, again with the same key where the gateway says that it couldn't take it just now."""
        headers = stack.headers | {"Idempotency-Key": f"key-{count}"}
        body = {"to": BO, "message": str(count)}
        for _ in range(TRIES):
            answer = requests.post(f"{stack.url}/api/sessions/{ANA}/send", json=body, headers=headers, timeout=60)
            longest.append(answer.elapsed.total_seconds())
            if answer.status_code != 503:
                break
            refused[answer.status_code] += 1
        return answer

    # So slow that most can't wait for the end.
    stack.network("faults/hold-acks", {"ms": 400})
    with ThreadPoolExecutor(SENDS) as callers:
        answers = list(callers.map(send, range(SENDS)))
    stack.network("faults/hold-acks", {"ms": 0})
    others = [answer.text for answer in answers if answer.status_code not in {200, 202}]
    assert others == []
    assert 202 in {answer.status_code for answer in answers}
    # The gateway gives up after 29 seconds, and would answer 504 for what is sent all the same.
    assert max(longest) < 29
    assert refused.total() < SENDS
    texts = [str(count) for count in range(SENDS)]
    eventually(lambda: len(bo.heard()) >= SENDS, within=120, every=1)
    assert sorted(bo.heard()) == sorted(texts)
    ids = {answer.json()["data"]["id"] for answer in answers}
    assert ids == {message["id"] for message in messages(stack, ANA)}
