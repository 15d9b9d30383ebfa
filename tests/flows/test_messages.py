"""Texts out and in, between sessions and phones, while everybody lives."""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import requests
from websockets.sync.client import ClientConnection

from infra.local.client import Phone, Stack, eventually, messages, next_frame, send
from tests.flows.table import Service, TheTable


def the_message(stack: Stack, session: str, message: str):
    return stack.get(f"/api/sessions/{session}/messages/{message}").json()["data"]


def chat(stack: Stack, session: str, friend: Phone) -> list[dict[str, Any]]:
    """What the session and the friend said to each other, oldest first."""
    return [message for message in messages(stack, session) if message["chat"] == f"{friend.number}@s.whatsapp.net"]


def told(socket: ClientConnection, kind: str, message: str) -> dict[str, Any]:
    """The watcher's next frame of that type about a message; others watch the session's other chats."""
    while (frame := next_frame(socket, kind))["message_id"] != message:
        pass
    return frame


def test_a_text_sent_arrives_and_its_receipts_come_back(stack, account, friend):
    with stack.watch(account) as socket:
        answer = send(stack, account, friend.number, "Kopi jam sembilan? ☕ @628123 ")
        assert answer.status_code == 200, answer.text
        sent = answer.json()["data"]
        assert sent["status"] in {"sent", "delivered"}
        assert sent["message_id"]
        (letter,) = eventually(friend.inbox)
        assert (letter["text"], letter["from"]) == ("Kopi jam sembilan? ☕ @628123 ", account)
        assert letter["id"] == sent["message_id"]
        assert told(socket, "message_status", sent["message_id"])
        friend.read()
        read = eventually(lambda: (m := the_message(stack, account, sent["id"]))["status"] == "read" and m)
        assert read["sent_at"] <= read["delivered_at"] <= read["read_at"]


def test_a_text_that_comes_in_is_told_and_kept_with_number_and_lid(stack, account, friend):
    with stack.watch(account) as socket:
        frame = told(socket, "message", friend.say(account, "Jam sembilan.\nDi mana?"))
    (kept,) = chat(stack, account, friend)
    assert frame["message_id"] == kept["message_id"]
    assert frame["data"]["message"] == kept["message"] == "Jam sembilan.\nDi mana?"
    assert (kept["from"], kept["from_name"], kept["to"]) == (friend.number, "Bo", account)
    assert kept["from_lid"].isdigit()


def test_both_directions_are_one_chat(stack, account, friend):
    friend.say(account, "Halo")
    eventually(lambda: chat(stack, account, friend))
    send(stack, account, friend.number, "Halo juga")
    assert [message["message"] for message in chat(stack, account, friend)] == ["Halo", "Halo juga"]


def test_what_the_accounts_own_phone_writes_comes_as_a_copy(stack, account, friend):
    with stack.watch(account) as socket:
        name = Phone(stack, account).say(friend.number, "dari telepon")
        copy = told(socket, "message", name)["data"]
    assert (copy["direction"], copy["from_me"], copy["message"]) == ("outbound", True, "dari telepon")
    assert (copy["to"], copy["from"]) == (friend.number, account)
    assert [message["status"] for message in chat(stack, account, friend)] == ["sent"]


def test_a_number_that_is_not_on_whatsapp_is_a_clear_refusal(stack, account):
    answer = send(stack, account, "628999000111", "Halo?")
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["field"]) == ("NOT_ON_WHATSAPP", "to")


def test_what_whatsapp_refuses_is_told_with_its_number(stack, account, friend):
    assert send(stack, account, friend.number, "first").status_code == 200
    stack.network("faults/refuse-message", {"code": 463, "number": account})
    answer = send(stack, account, friend.number, "spam")
    assert not answer.ok
    assert "463" in answer.json()["error"]
    assert [message["status"] for message in chat(stack, account, friend)][-1] == "failed"
    assert friend.heard() == ["first"]
    assert send(stack, account, friend.number, "third").status_code == 200


def test_a_text_of_51000_emoji_goes_out_and_holds_up_nothing_behind_it(stack, account, friend):
    body = json.dumps({"to": friend.number, "message": "😀" * 51_000}, ensure_ascii=False).encode()
    path = f"{stack.url}/api/sessions/{account}/send"
    long = requests.post(path, body, headers=stack.headers, timeout=40)
    assert long.status_code == 200, long.text
    assert send(stack, account, friend.number, "after it").status_code == 200
    assert friend.heard() == ["😀" * 51_000, "after it"]


def on_record(stack: Stack, session: str, friend: Phone, count: int) -> None:
    eventually(lambda: len(chat(stack, session, friend)) == count)


def test_sends_that_wait_for_each_other_go_out_in_the_order_they_came_in(stack, account, friend):
    send(stack, account, friend.number, "0")
    stack.network("faults/hold-acks", {"ms": 300})
    try:
        with ThreadPoolExecutor(10) as callers:
            calls = []
            for count in range(1, 10):
                calls.append(callers.submit(send, stack, account, friend.number, str(count)))
                on_record(stack, account, friend, count + 1)
            assert {call.result().status_code for call in calls} == {200}
    finally:
        stack.network("faults/hold-acks", {"ms": 0})
    assert friend.heard() == [str(count) for count in range(10)]


def test_what_cannot_be_read_at_first_arrives_once_the_phone_sends_it_again(stack, account, friend):
    friend.say(account, "first")
    eventually(lambda: len(chat(stack, account, friend)) == 1)
    stack.network("faults/spoil-message", {"times": 1})
    friend.say(account, "second")
    eventually(lambda: [m for m in chat(stack, account, friend) if m["message"] == "second"])
    kinds = sorted(message["type"] for message in chat(stack, account, friend))
    assert kinds in (["text", "text"], ["text", "text", "undecryptable"])


def waiting_behind_a_slow_one(stack: Stack, session: str, friend: Phone, callers: ThreadPoolExecutor) -> list[Any]:
    """Have a text be sent for seconds, and others wait for it; return the calls that wait."""
    send(stack, session, friend.number, "first")
    stack.network("faults/hold-acks", {"ms": 8_000})
    calls = [callers.submit(send, stack, session, friend.number, str(count)) for count in range(8)]
    on_record(stack, session, friend, 9)
    return calls


def ended(stack: Stack, session: str, friend: Phone) -> list[dict[str, Any]] | None:
    """The messages to the friend once none is open any more."""
    found = chat(stack, session, friend)
    return None if {"queued", "sending"} & {message["status"] for message in found} else found


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (("POST", "disconnect", None), "session_stopped"),
        (("POST", "logout", None), "session_logged_out"),
        (("PUT", "enabled", {"enabled": False}), "session_disabled"),
    ],
    ids=["disconnect", "logout", "disabled"],
)
def test_what_waits_to_be_sent_ends_by_name_when_nobody_will_send_it(stack, number, friend, call, code):
    method, path, body = call
    stack.link(number)
    with ThreadPoolExecutor(8) as callers:
        try:
            calls = waiting_behind_a_slow_one(stack, number, friend, callers)
            address = f"{stack.url}/api/sessions/{number}/{path}"
            assert requests.request(method, address, json=body, headers=stack.headers, timeout=40).ok
            found = eventually(lambda: ended(stack, number, friend), within=30)
        finally:
            stack.network("faults/hold-acks", {"ms": 0})
        answers = [call.result() for call in calls]
    waited = [message for message in found if message.get("error", {}).get("code") == code]
    assert len(waited) == 7
    assert {message["status"] for message in waited} == {"failed"}
    assert {message["message"] for message in waited} & set(friend.heard()) == set()
    assert sum(answer.status_code == 502 for answer in answers) == 7


def test_a_receipt_that_its_worker_had_not_noted_when_it_was_killed_is_noted_by_the_next(stack, number, friend):
    stack.link(number)
    first = send(stack, number, friend.number, "first").json()["data"]
    eventually(lambda: the_message(stack, number, first["id"])["status"] == "delivered")
    service, devices = Service(stack, number), stack.state / "devices" / TheTable(stack).uid(number)
    (worker,) = service.workers()
    # Receipts are noted between sends, and this one takes long.
    stack.network("faults/hold-acks", {"ms": 30_000})
    with ThreadPoolExecutor(1) as callers:
        try:
            slow = callers.submit(send, stack, number, friend.number, "slow")
            on_record(stack, number, friend, 2)
            eventually(lambda: "slow" in friend.heard())
            friend.read()
            eventually(lambda: any(b"read" in file.read_bytes() for file in devices.glob("receipts-*")))
            os.kill(worker, signal.SIGKILL)
        finally:
            stack.network("faults/hold-acks", {"ms": 0})
        service.successor([worker])
        eventually(lambda: the_message(stack, number, first["id"])["status"] == "read")
        told = slow.result()
        # By the message's secret the successor finds out under which id it left; the receipt of that settles it.
        assert told.status_code in {200, 202}, told.text
        eventually(lambda: the_message(stack, number, told.json()["data"]["id"])["status"] == "read")


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


def kill_workers(stack: Stack, sessions: list[str]) -> None:
    """Kill the sessions' workers, and wait until others have taken their places."""
    services = [Service(stack, session) for session in sessions]
    killed = [service.workers() for service in services]
    for (worker,) in killed:
        os.kill(worker, signal.SIGKILL)
    for service, former in zip(services, killed, strict=True):
        service.successor(former)


def written(stack: Stack) -> list[dict[str, Any]]:
    """The rows that are on disk: those of the last snapshot, and all that were written since."""
    snapshot = stack.state / "table.json"
    rows: list[dict[str, Any]] = json.loads(snapshot.read_text()) if snapshot.exists() else []
    for journal in sorted(stack.state.glob("table.*.journal")):
        # The last line may be in the middle of being written.
        for line in journal.read_text().splitlines(keepends=True):
            records = json.loads(line) if line.endswith("\n") else []
            images = [record["dynamodb"].get("NewImage") for record in records if isinstance(records, list)]
            rows += [image for image in images if image]
    return rows


@pytest.mark.timeout(400)
def test_two_sessions_and_two_phones_chat_over_killed_workers_and_no_text_is_where_it_must_not_be(stack, number):
    sessions = [prefix + number[-6:] for prefix in ("628111", "628112")]
    phones = [Phone(stack, prefix + number[-6:]).switch_on() for prefix in ("628771", "628772")]
    for session in sessions:
        stack.link(session)
    chat_round(stack, sessions, phones, "pertama-rahasia")
    kill_workers(stack, sessions)
    for session in sessions:
        stack.until(session, "CONNECTED")
    chat_round(stack, sessions, phones, "kedua-rahasia")
    for phone in phones:
        assert sorted(phone.heard()) == sorted(set(phone.heard())), "nothing came twice"
    assert sessions[0] in stack.log(), "it is the right log"
    assert "rahasia" not in stack.log()

    def rows() -> list[Any]:
        found = [row for row in written(stack) if "rahasia" in json.dumps(row)]
        return found if any("kedua-rahasia" in json.dumps(row) for row in found) else []

    assert {row["sk"]["S"][:2] for row in eventually(rows)} == {"M#"}
