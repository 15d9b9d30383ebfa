"""Texts out and in, between sessions and phones, while everybody lives."""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from infra.local.chatting import Phone, messages, send
from infra.local.client import Stack, eventually, next_frame


@pytest.fixture
def friend(stack: Stack, number: str) -> Phone:
    """A phone that is linked to nothing."""
    return Phone(stack, "628777" + number[-6:]).switch_on("Bo")


def the_message(stack: Stack, session: str, message: str):
    return stack.get(f"/api/sessions/{session}/messages/{message}").json()["data"]


def test_a_text_sent_arrives_and_its_receipts_come_back(stack, number, friend):
    stack.link(number)
    with stack.watch(number) as socket:
        answer = send(stack, number, friend.number, "Kopi jam sembilan? ☕ @628123 ")
        assert answer.status_code == 200, answer.text
        sent = answer.json()["data"]
        assert sent["status"] in {"sent", "delivered"}
        assert sent["message_id"]
        (letter,) = eventually(friend.inbox)
        assert (letter["text"], letter["from"]) == ("Kopi jam sembilan? ☕ @628123 ", number)
        assert letter["id"] == sent["message_id"]
        assert next_frame(socket, "message_status")["message_id"] == sent["message_id"]
        friend.read()
        read = eventually(lambda: (m := the_message(stack, number, sent["id"]))["status"] == "read" and m)
        assert read["sent_at"] <= read["delivered_at"] <= read["read_at"]


def test_a_text_that_comes_in_is_told_and_kept_with_number_and_lid(stack, number, friend):
    stack.link(number)
    with stack.watch(number) as socket:
        name = friend.say(number, "Jam sembilan.\nDi mana?")
        told = next_frame(socket, "message")
    (kept,) = messages(stack, number)
    assert told["message_id"] == kept["message_id"] == name
    assert told["data"]["message"] == kept["message"] == "Jam sembilan.\nDi mana?"
    assert (kept["from"], kept["from_name"], kept["to"]) == (friend.number, "Bo", number)
    assert kept["from_lid"].isdigit()
    assert kept["chat"] == f"{friend.number}@s.whatsapp.net"


def test_both_directions_are_one_chat(stack, number, friend):
    stack.link(number)
    friend.say(number, "Halo")
    eventually(lambda: messages(stack, number))
    send(stack, number, friend.number, "Halo juga")
    assert {message["chat"] for message in messages(stack, number)} == {f"{friend.number}@s.whatsapp.net"}


def test_what_the_accounts_own_phone_writes_comes_as_a_copy(stack, number, friend):
    stack.link(number)
    with stack.watch(number) as socket:
        Phone(stack, number).say(friend.number, "dari telepon")
        told = next_frame(socket, "message")["data"]
    assert (told["direction"], told["from_me"], told["message"]) == ("outbound", True, "dari telepon")
    assert (told["to"], told["from"]) == (friend.number, number)
    assert [message["status"] for message in messages(stack, number)] == ["sent"]


def test_a_number_that_is_not_on_whatsapp_is_a_clear_refusal(stack, number):
    stack.link(number)
    answer = send(stack, number, "628999000111", "Halo?")
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["field"]) == ("NOT_ON_WHATSAPP", "to")


def test_what_whatsapp_refuses_is_told_with_its_number(stack, number, friend):
    stack.link(number)
    assert send(stack, number, friend.number, "first").status_code == 200
    stack.network("knobs/refuse-message", {"code": 463, "number": number})
    answer = send(stack, number, friend.number, "spam")
    assert not answer.ok
    assert "463" in answer.json()["error"]
    assert [message["status"] for message in messages(stack, number)][-1] == "failed"
    assert friend.heard() == ["first"]
    assert send(stack, number, friend.number, "third").status_code == 200


def on_record(stack: Stack, session: str, count: int) -> None:
    eventually(lambda: len(messages(stack, session)) == count)


def test_sends_that_wait_for_each_other_go_out_in_the_order_they_came_in(stack, number, friend):
    stack.link(number)
    send(stack, number, friend.number, "0")
    stack.network("knobs/hold-acks", {"ms": 300})
    try:
        with ThreadPoolExecutor(10) as callers:
            calls = []
            for count in range(1, 10):
                calls.append(callers.submit(send, stack, number, friend.number, str(count)))
                on_record(stack, number, count + 1)
            assert {call.result().status_code for call in calls} == {200}
    finally:
        stack.network("knobs/hold-acks", {"ms": 0})
    assert friend.heard() == [str(count) for count in range(10)]


def test_what_cannot_be_read_at_first_arrives_once_the_phone_sends_it_again(stack, number, friend):
    stack.link(number)
    friend.say(number, "first")
    eventually(lambda: len(messages(stack, number)) == 1)
    stack.network("knobs/spoil-message", {"times": 1})
    friend.say(number, "second")
    eventually(lambda: [m for m in messages(stack, number) if m["message"] == "second"])
    kinds = sorted(message["type"] for message in messages(stack, number))
    assert kinds in (["text", "text"], ["text", "text", "undecryptable"])


def received(stack: Stack, session: str) -> list[str]:
    return [message["message"] for message in messages(stack, session) if not message["from_me"]]


def arrived(where: Callable[[], list[str]], wanted: set[str]) -> None:
    eventually(lambda: wanted <= set(where()))


def chat_round(stack: Stack, sessions: list[str], phones: list[Phone], word: str) -> None:
    """Everybody writes to everybody, and everything arrives."""
    ana, bo = sessions
    for session in sessions:
        for phone in phones:
            assert send(stack, session, phone.number, f"{word} {session}").status_code == 200
            phone.say(session, f"{word} {phone.number}")
    assert send(stack, ana, bo, f"{word} to bo").status_code == 200
    assert send(stack, bo, ana, f"{word} to ana").status_code == 200
    for phone in phones:
        arrived(phone.heard, {f"{word} {session}" for session in sessions})
    for session, other in ((ana, "to ana"), (bo, "to bo")):
        wanted = {f"{word} {phone.number}" for phone in phones} | {f"{word} {other}"}
        arrived(partial(received, stack, session), wanted)


def kill_workers(stack: Stack) -> None:
    """Kill all workers with a client, and wait until others have taken their places."""
    killed = stack.serving()
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    eventually(lambda: len(set(stack.serving()) - set(killed)) == len(killed))


@pytest.mark.timeout(240)
def test_two_sessions_and_two_phones_chat_over_killed_workers_and_no_text_is_where_it_must_not_be(own_stack):
    stack = own_stack()
    stack.start()
    sessions = ["628111000001", "628111000002"]
    phones = [Phone(stack, f"62877700000{place}").switch_on() for place in (1, 2)]
    for session in sessions:
        stack.link(session)
    for word in ("pertama", "kedua", "ketiga"):
        chat_round(stack, sessions, phones, f"{word}-rahasia")
        kill_workers(stack)
        for session in sessions:
            stack.until(session, "CONNECTED")
    for phone in phones:
        assert sorted(phone.heard()) == sorted(set(phone.heard())), "nothing came twice"
    stack.stop()
    assert sessions[0] in stack.log(), "it is the right log"
    assert "rahasia" not in stack.log()
    rows = json.loads((stack.state / "table.json").read_text())
    assert any("rahasia" in json.dumps(row) for row in rows), "messages have their texts"
    assert {row["sk"]["S"][:2] for row in rows if "rahasia" in json.dumps(row)} == {"M#"}
