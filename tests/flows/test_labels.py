"""Whether WhatsApp's "AI" label is on what sessions send: it is by the client library's own choice."""

from collections.abc import Callable

import pytest

from infra.local.client import Phone, Stack, send


def tags_of_a_text(stack: Stack, session: str, friend: Phone) -> list[str]:
    """The tags in the stanza of a text that the session sends to a phone number."""
    answer = send(stack, session, friend.number, "hello")
    assert answer.status_code == 200, answer.text
    whatsapp_id = answer.json()["data"]["message_id"]
    (sent,) = (one for one in stack.network("accepted").json()["messages"] if one["id"] == whatsapp_id)
    return list(sent["tags"])


def test_a_text_to_a_phone_number_carries_no_ai_label(stack: Stack, account: str, friend: Phone) -> None:
    tags = tags_of_a_text(stack, account, friend)
    assert "participants" in tags
    assert "bot" not in tags


@pytest.mark.timeout(120)
def test_who_wants_the_label_gets_it(own_stack: Callable[..., Stack], number: str) -> None:
    stack = own_stack(AI_LABEL="on")
    stack.start()
    stack.link(number)
    friend = Phone(stack, "628777" + number[-6:]).switch_on("Bo")
    assert "bot" in tags_of_a_text(stack, number, friend)
