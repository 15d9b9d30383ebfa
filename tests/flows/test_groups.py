"""Groups, through a real worker: texts both ways by every family's own route, and what a group refuses by name."""

from typing import Any

import pytest

from infra.local.client import Phone, Stack, eventually, messages, next_frame

TEXT = "Kopi jam sembilan? ☕ @628123 "


def came(stack: Stack, session: str, name: str) -> dict[str, Any]:
    """The message of that id of WhatsApp's, as the list shows it."""

    def found() -> dict[str, Any] | None:
        return next((one for one in messages(stack, session) if one["message_id"] == name), None)

    message: dict[str, Any] = eventually(found)
    return message


def got(phone: Phone, name: str) -> dict[str, Any]:
    """The phone's letter of that id, once it is there."""
    letter: dict[str, Any] = eventually(lambda: next((one for one in phone.inbox() if one["id"] == name), None))
    return letter


def lid_of(stack: Stack, number: str) -> str:
    phones = stack.network("phones").json()["phones"]
    return next(str(one["lid"]).partition("@")[0] for one in phones if one["number"] == number)


@pytest.fixture(scope="module")
def others(stack: Stack) -> list[Phone]:
    """Two phones that share groups with the account."""
    return [Phone(stack, number).switch_on(name) for number, name in (("628776000001", "Bo"), ("628776000002", "Cleo"))]


@pytest.mark.parametrize("addressing", ["lid", "pn"])
def test_a_text_to_a_group_arrives_with_every_member_and_is_answered(stack, account, others, addressing):
    bo, cleo = others
    group = bo.make_group("Kopi", cleo.number, account, addressing=addressing)
    for path in (f"/api/sessions/{account}/send", f"/sessions/{account}/send-message"):
        answer = stack.post(path, {"to": group, "message": f"{TEXT}{path}"})
        assert answer.status_code == 200, answer.text
        body = answer.json().get("data", answer.json())
        name = body.get("message_id") or body["messageId"]
        for phone in others:
            letter = got(phone, name)
            assert (letter["from"], letter["group"], letter["text"]) == (account, group, f"{TEXT}{path}")
        kept = came(stack, account, name)
        assert (kept["chat"], kept["to"], kept["from_me"]) == (group, group, True)
        assert kept["status"] in {"sent", "delivered"}
    with stack.watch(account) as socket:
        reply = cleo.send(group, "reply", id=name, text="Setuju")
        while (frame := next_frame(socket, "message"))["message_id"] != reply:
            pass
    message = came(stack, account, reply)
    assert frame["data"]["message"] == message["message"] == "Setuju"
    assert (message["chat"], message["from"], message["from_name"]) == (group, cleo.number, "Cleo")
    assert message["from_lid"].isdigit()
    quoted = message["context"]["quoted"]
    assert (quoted["message_id"], quoted["message"]) == (name, f"{TEXT}{path}")
    assert quoted["participant"].partition("@")[0] in {account, lid_of(stack, account)}
    # What carries the members' keys is a message to the client, and none to anybody.
    # That the group was made may be heard after the first text was asked for.
    kinds = [one["type"] for one in messages(stack, account) if one["chat"] == group]
    assert sorted(kinds) == ["group_event", *["text"] * 3]


def test_a_group_that_takes_no_message_is_refused_by_name(stack, account, others):
    bo, cleo = others

    def refused(group: str) -> tuple[int, str, str]:
        answer = stack.post(f"/api/sessions/{account}/send", {"to": group, "message": "Halo"})
        return answer.status_code, answer.json()["code"], answer.json()["field"]

    assert refused("120363999999999999@g.us") == (404, "GROUP_NOT_FOUND", "to")
    group = bo.make_group("Kopi", cleo.number)
    assert refused(group) == (403, "NOT_IN_GROUP", "to")
    bo.change_group(group, "add", members=[account])
    assert stack.post(f"/api/sessions/{account}/send", {"to": group, "message": "Halo"}).status_code == 200
    bo.change_group(group, "announce", on=True)
    assert refused(group) == (403, "GROUP_FORBIDS", "to")
    bo.change_group(group, "promote", members=[account])
    assert stack.post(f"/api/sessions/{account}/send", {"to": group, "message": "Halo lagi"}).status_code == 200
    assert eventually(lambda: cleo.heard()[-2:] == ["Halo", "Halo lagi"])
    assert "Halo lagi" not in stack.log()


def test_what_becomes_of_a_group_is_told_in_it(stack, account, others):
    bo, cleo = others
    group = bo.make_group("Kopi", account)
    bo.change_group(group, "add", members=[cleo.number])
    bo.change_group(group, "promote", members=[account])
    bo.change_group(group, "name", name="Teh")
    bo.change_group(group, "remove", members=[cleo.number])

    def told() -> dict[str, tuple[str, str | None]]:
        events = [one for one in messages(stack, account) if one["chat"] == group]
        return {one["content"]["group_event"]["change"]: (one["from"], one["message"]) for one in events}

    # WhatsApp tells the second of each: of several in one, none is the first.
    changes = {"added": "Kopi", "joined": None, "promoted": None, "subject": "Teh", "left": None}
    eventually(lambda: told().keys() == changes.keys())
    assert told() == {change: (bo.number, said) for change, said in changes.items()}
