"""Numbers as WhatsApp has them, and one chat for each person, through the real client."""

import pytest

from infra.local.client import Phone, eventually, messages, next_frame, send

MEXICO, WRITTEN = "5215574949947", "525574949947"


@pytest.mark.parametrize("mobile", [MEXICO, "22507123456", "22997123456", "23777123456"])
def test_who_wrote_to_us_from_a_number_that_no_table_knows_is_answered(stack, account, mobile):
    phone = Phone(stack, mobile).switch_on("Bo")
    phone.say(account, "¿Hola?")
    (came,) = eventually(lambda: [one for one in messages(stack, account) if one["from"] == mobile])
    assert came["chat"] == f"{mobile}@s.whatsapp.net"
    for to in (came["from"], came["chat"], came["chat_lid"]):
        assert send(stack, account, to, "Hola").status_code == 200, to
    eventually(lambda: phone.heard() == ["Hola"] * 3)
    checked = stack.post(f"/api/sessions/{account}/check-number", {"number": came["chat"]}).json()
    assert (checked["exists"], checked["jid"]) == (True, came["chat"])
    assert stack.post("/sessions", {"sessionId": f"of-{mobile}", "phoneNumber": mobile}).status_code == 201
    stack.delete(f"/sessions/of-{mobile}")


@pytest.mark.parametrize(
    ("known", "written"),
    [
        ("5215574940001", "525574940001"),
        ("525574940002", "5215574940002"),
        ("5491123450001", "541123450001"),
        ("551187650001", "5511987650001"),
        ("5511987650002", "551187650002"),
    ],
)
def test_a_number_in_another_form_than_whatsapp_s_reaches_its_account(stack, account, known, written):
    phone = Phone(stack, known).switch_on("Bo")
    for text in ("one", "two"):
        assert send(stack, account, f"+{written}", text).status_code == 200
    eventually(lambda: phone.heard() == ["one", "two"])
    found = [one for one in messages(stack, account) if one["to"] == written]
    assert {one["chat"] for one in found} == {f"{known}@s.whatsapp.net"}
    checked = stack.post(f"/api/sessions/{account}/check-number", {"number": written}).json()
    assert (checked["exists"], checked["jid"]) == (True, f"{known}@s.whatsapp.net")


def test_a_number_that_exists_in_no_form_is_not_on_whatsapp(stack, account):
    answer = send(stack, account, "525574949999", "Hola")
    assert (answer.status_code, answer.json()["code"]) == (422, "NOT_ON_WHATSAPP")


def test_a_bulk_reaches_numbers_in_any_form(stack, account):
    phone = Phone(stack, "5215574940003").switch_on("Bo")
    path = f"/whatsapp/companies/default/bulk?session={account}"
    body = {"recipients": ["whatsapp:+525574940003", "\u202a+52 1 5574 940003\u202c"], "message": "Hola"}
    assert stack.post(path, body).json()["success_count"] == 2
    eventually(lambda: phone.heard() == ["Hola", "Hola"])


def test_a_person_has_one_chat_whichever_name_is_written_to(stack, account, friend):
    friend.say(account, "Halo")
    came = eventually(lambda: [one for one in messages(stack, account) if one["from"] == friend.number])[0]
    lid = f"{came['from_lid']}@lid"
    assert (came["chat"], came["chat_lid"]) == (f"{friend.number}@s.whatsapp.net", lid)
    for to in (lid, friend.number, f"{friend.number}@c.us"):
        assert send(stack, account, to, "Halo juga").status_code == 200
    for name in (friend.number, f"+{friend.number}", came["chat"], lid):
        listed = stack.get(f"/api/sessions/{account}/messages", params={"chat": name}).json()["data"]["messages"]
        assert [(one["chat"], one["chat_lid"]) for one in listed] == [(came["chat"], lid)] * 4
    bare = stack.get(f"/sessions/{account}/messages", params={"chat": lid}).json()["messages"]
    assert {(one["chat"], one["chatLid"]) for one in bare} == {(came["chat"], lid)}


def test_somebody_is_looked_up_by_lid_too(stack, account, friend):
    friend.say(account, "Halo")
    came = eventually(lambda: [one for one in messages(stack, account) if one["from"] == friend.number])[0]
    for lid, exists in ((came["chat_lid"], True), ("299999999999999@lid", False)):
        answer = stack.post(f"/api/sessions/{account}/check-number", {"number": lid}).json()
        assert answer["exists"] is exists, answer


def test_what_comes_from_a_broadcast_list_is_in_the_chat_with_its_owner(stack, account, friend):
    sent = stack.network(f"phones/{friend.number}/broadcast", {"to": [account], "text": "Promo!"})
    assert sent.status_code == 200, sent.text
    friend.say(account, "Halo")
    came = eventually(
        lambda: (found := [m for m in messages(stack, account) if m["from"] == friend.number])[1:] and found
    )
    assert {one["message"] for one in came} == {"Promo!", "Halo"}
    assert {(one["chat"], one["chat_lid"]) for one in came} == {
        (f"{friend.number}@s.whatsapp.net", f"{came[1]['from_lid']}@lid")
    }
    eventually(lambda: [one["state"] for one in friend.inbox()] == ["delivered", "delivered"])


def test_another_phone_than_a_session_is_for_is_told_and_sends_nothing_by_its_number(stack, number):
    other = "628988" + number[-6:]
    stack.begin(number)
    with stack.watch(number) as socket:
        assert stack.scan(stack.code(number), other).ok
        frame = next_frame(socket, "connected")
    assert (frame["phone"], frame["phone_mismatch"], frame["expected_phone"]) == (other, True, number)
    session = stack.session(number)
    assert (session["phone"], session["actual_phone"], session["phone_mismatch"]) == (number, other, True)
    friend = Phone(stack, "628777" + number[-6:]).switch_on("Bo")
    text = {"to": friend.number, "message": "Halo"}
    refused = stack.post("/api/send", {"phone": number, **text})
    assert (refused.status_code, refused.json()["code"]) == (409, "PHONE_MISMATCH")
    assert stack.post("/api/send", {"phone": other, **text}).status_code == 200
    eventually(lambda: friend.heard() == ["Halo"])


def test_a_session_that_is_for_one_phone_alone_unlinks_another_and_shows_a_new_code(stack, number):
    other = "628988" + number[-6:]
    assert stack.post("/api/sessions", {"phone": number, "require_phone_match": True}).status_code == 201
    assert stack.post(f"/api/sessions/{number}/connect").ok
    with stack.watch(number) as socket:
        first = stack.code(number)
        assert stack.scan(first, other).ok
        frame = next_frame(socket, "logged_out")
    assert (frame["reason"], frame["phone"], frame["expected_phone"]) == ("phone_mismatch", other, number)
    another = eventually(lambda: (code := stack.code(number)) != first and code)
    phones = {one["number"]: one["devices"] for one in stack.network("phones").json()["phones"]}
    assert phones[other] == []
    assert stack.scan(another, number).ok
    assert stack.until(number, "CONNECTED")["phone_mismatch"] is False
