"""One story, told by a client of each family: created, scanned, connected, sent, disconnected, logged out, deleted."""

import re

import pytest

from infra.local.client import Phone, Stack, eventually
from tests.flows.families import FAMILIES, Family


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_every_family_tells_the_same_story_in_its_own_words(stack: Stack, number: str, kind: type[Family]) -> None:
    client, friend = kind(stack, number), Phone(stack, "628777" + number[-6:]).switch_on("Bo")

    def stands(stage: str) -> None:
        eventually(lambda: client.word() == kind.words[stage])

    code = client.begin()
    stands("waiting")
    refused = client.send(friend.number)
    assert (refused.status_code, refused.json()["session_disconnected"]) == (409, True), refused.text
    assert refused.json()["needs_qr"] is True

    assert stack.scan(code, number).ok
    stands("connected")
    answer = client.send(friend.number)
    assert answer.status_code == 200, answer.text
    assert re.fullmatch("3EB0[0-9A-F]+", client.sent(answer.json()) or "")
    assert [letter["text"] for letter in eventually(friend.inbox)] == ["Kopi?"]

    client.stop()
    stands("stopped")
    refused = client.send(friend.number)
    assert (refused.status_code, refused.json()["needs_qr"]) == (409, False), refused.text

    client.again()
    stands("connected")
    client.log_out()
    stands("unlinked")

    client.delete()
    eventually(client.gone)
