"""What only a live connection can tell, asked over HTTP, and the send that names its session."""

import time
from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain.questions import LASTS
from infra.local.client import Stack, eventually


def check(stack: Stack, session: str, number: str):
    return stack.post(f"/api/sessions/{session}/check-number", {"number": number})


def test_a_number_is_on_whatsapp_or_not(stack, account, friend):
    there = check(stack, account, f"+{friend.number}")
    assert there.status_code == 200, there.text
    told = {"exists": True, "number": f"+{friend.number}", "jid": f"{friend.number}@s.whatsapp.net"}
    assert there.json() == {"success": True, "data": told, **told}
    nobody = check(stack, account, "628999000222").json()
    assert nobody["data"] == {"exists": False, "number": "628999000222"}


def test_several_who_ask_at_once_are_all_answered(stack, account, friend):
    asked = [friend.number, "628999000222"] * 3
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: check(stack, account, one), asked))
    assert [answer.json().get("exists") for answer in answers] == [True, False] * 3
    again = check(stack, account, friend.number)
    assert again.status_code == 200, "their places are free again"


def test_the_account_s_groups_are_listed_with_those_made_since(stack, account, friend):
    path = f"/api/sessions/{account}/groups"
    before = stack.get(path).json()
    assert before == {"success": True, "data": before["data"], "complete": True}
    group = {"name": "Kopi ☕", "topic": "Jam 9", "with": [account]}
    made = stack.network(f"phones/{friend.number}/groups", group).json()
    stack.network(f"phones/{friend.number}/groups", {"name": "Not mine"})
    assert [one for one in stack.get(path).json()["data"] if one not in before["data"]] == [
        {
            "jid": made["jid"],
            "name": "Kopi ☕",
            "topic": "Jam 9",
            "owner": f"{friend.number}@s.whatsapp.net",
            "created": made["made_at"] // 1000,
        }
    ]


def test_a_send_by_the_session_s_number_arrives(stack, account, friend):
    answer = stack.post("/api/send", {"phone": f"+{account}", "to": friend.number, "message": "Sampai jumpa"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["session"] == account
    eventually(lambda: friend.heard() == ["Sampai jumpa"])


def test_a_session_whose_worker_is_gone_says_so_instead_of_answering(stack, account, friend):
    assert stack.post(f"/api/sessions/{account}/disconnect").ok
    began = time.monotonic()
    refused = check(stack, account, friend.number)
    assert (refused.status_code, refused.json()["code"]) == (409, "SESSION_NOT_CONNECTED")
    assert refused.json()["session_disconnected"] is True
    assert time.monotonic() - began < LASTS / 1000, "nobody was asked"
    assert stack.post(f"/api/sessions/{account}/connect").ok
    stack.until(account, "CONNECTED")


def test_neither_numbers_nor_groups_are_logged(stack, account, friend):
    stack.network(f"phones/{friend.number}/groups", {"name": "Rahasia besar", "with": [account]})
    assert check(stack, account, "628999000333").ok
    assert stack.get(f"/api/sessions/{account}/groups").json()["data"]
    log = stack.log()
    assert '"event": "question"' in log
    assert "628999000333" not in log
    assert "Rahasia besar" not in log
