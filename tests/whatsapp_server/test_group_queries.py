"""Groups as clients ask for them and change them: the unmodified client, and stanzas that it never sends."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chalicelib.wire.node import LIDS, Attribute, Jid, Node
from infra.whatsapp_server.accounts import lid_of
from infra.whatsapp_server.groups.state import devices_hash
from tests.whatsapp_server import test_delivery
from tests.whatsapp_server.companion import Companion, Wire
from tests.whatsapp_server.devices import NUMBER, Loopback, RawClient
from tests.whatsapp_server.test_group_chatting import BO, CLEO, told
from tests.whatsapp_server.test_visit import logged_in

pytestmark = pytest.mark.subprocess

ANA_LID, BO_LID, CLEO_LID = (f"{lid_of(number)}@lid" for number in (NUMBER, BO, CLEO))
GROUPS = Jid("", "g.us")


def test_the_client_makes_a_group_and_all_hear_of_it(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        members = [f"{BO}@s.whatsapp.net", f"{CLEO}@s.whatsapp.net"]
        async with wa.client(tmp_path / "bo.db") as other:
            await wa.linked(other, number=BO)
            made = await client.group("create", subject="Kopi ☕", members=members)
            assert made["subject"] == "Kopi ☕"
            assert (made["members"], made["admins"]) == ([ANA_LID, BO_LID, CLEO_LID], [ANA_LID])
            assert made["phones"] == [f"{number}@s.whatsapp.net" for number in (NUMBER, BO, CLEO)]
            for one in (client, other):
                joined = await one.joined(made["jid"])
                assert {**made, "event": "joined_group", "reason": "new"} == joined
            assert await client.group("info", group=made["jid"]) == made
        [shown] = (await wa.get(f"phones/{CLEO}/groups"))["groups"]
        assert (shown["jid"], shown["members"], shown["admins"]) == (made["jid"], [NUMBER, BO, CLEO], [NUMBER])
        assert "406" in await client.refusal("create", subject="x" * 101, members=members)

    told(tmp_path, story)


@pytest.mark.parametrize("addressing", ["lid", "pn"])
def test_what_the_client_changes_is_so_and_is_told(tmp_path: Path, addressing: str) -> None:
    bo, cleo = (BO_LID, CLEO_LID) if addressing == "lid" else (f"{BO}@s.whatsapp.net", f"{CLEO}@s.whatsapp.net")

    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(NUMBER, "Kopi", BO, addressing=addressing)
        for act, arguments, notice in (
            ("subject", {"subject": "Teh"}, {"subject": "Teh"}),
            ("describe", {"text": "Jam 9"}, {"description": "Jam 9"}),
            ("describe", {"text": "Jam 10"}, {"description": "Jam 10"}),
            ("announce", {"on": True}, {"announcement": True}),
            ("lock", {"on": True}, {"locked": True}),
            ("timer", {"seconds": 86400}, {"timer": 86400}),
        ):
            await client.group(act, group=group, **arguments)
            await client.changed(group, **notice)
        assert await client.group("add", group=group, members=[cleo]) == [[cleo, 0]]
        await client.changed(group, join=[cleo])
        assert await client.group("promote", group=group, members=[cleo]) == [[cleo, 0]]
        await client.changed(group, promote=[cleo])
        info = await client.group("info", group=group)
        assert (info["subject"], info["description"], info["timer"]) == ("Teh", "Jam 10", 86400)
        assert (info["announcement"], info["locked"]) == (True, True)
        assert (info["members"][1:], info["admins"][1:]) == ([bo, cleo], [cleo])
        assert await client.group("demote", group=group, members=[cleo]) == [[cleo, 0]]
        await client.changed(group, demote=[cleo])
        assert await client.group("remove", group=group, members=[cleo]) == [[cleo, 0]]
        await client.changed(group, leave=[cleo])
        for act, arguments, notice in (
            ("describe", {"text": ""}, {"description": ""}),
            ("announce", {"on": False}, {"announcement": False}),
            ("lock", {"on": False}, {"locked": False}),
            ("timer", {"seconds": 0}, {"timer": 0}),
        ):
            await client.group(act, group=group, **arguments)
            await client.changed(group, **notice)
        [shown] = (await wa.get(f"phones/{BO}/groups"))["groups"]
        assert (shown["name"], shown["topic"], shown["members"]) == ("Teh", "", [NUMBER, BO])
        assert [shown[name] for name in ("announcement", "locked", "disappears_after_s")] == [False, False, 0]

    told(tmp_path, story)


def test_members_that_cant_be_changed_come_back_with_whatsapps_codes(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", NUMBER)
        await wa.post(f"phones/{BO}/groups/{group}/promote", members=[NUMBER])
        nobody = "628999999999@s.whatsapp.net"
        assert await client.group("add", group=group, members=[BO_LID, nobody]) == [[BO_LID, 409], [nobody, 404]]
        assert await client.group("remove", group=group, members=[CLEO_LID, BO_LID]) == [[CLEO_LID, 404], [BO_LID, 405]]
        assert await client.group("demote", group=group, members=[BO_LID]) == [[BO_LID, 405]]
        assert not [one for one in client.heard if one["event"] == "group_changed" and "leave" in one["what"]]

    told(tmp_path, story)


def test_the_client_joins_by_a_link_and_leaves(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, topic="Jam 9")
        _, invited = await wa.post(f"phones/{BO}/groups/{group}/invite")
        assert invited["link"] == f"https://chat.whatsapp.com/{invited['code']}"
        seen = await client.group("preview", code=invited["link"])
        assert (seen["jid"], seen["subject"], seen["description"], seen["members"]) == (group, "Kopi", "Jam 9", [])
        assert await client.group("join", code=invited["link"]) == group
        assert (await client.joined(group))["reason"] == "invite"
        assert "409" in await client.refusal("join", code=invited["code"])
        # A plain member doesn't see the link, an admin does, and renews it.
        assert await client.refusal("link", group=group)
        await wa.post(f"phones/{BO}/groups/{group}/promote", members=[NUMBER])
        assert await client.group("link", group=group) == invited["link"]
        renewed = await client.group("link", group=group, renew=True)
        await client.changed(group, link=renewed)
        assert (await wa.post("phones/628333333333/join", code=invited["code"]))[1]["code"] == "invite_revoked"
        assert await client.group("requests", group=group) == []
        assert await client.group("subgroups", group=group) == []
        await client.group("leave", group=group)
        assert (await client.changed(group, leave=[ANA_LID]))["by"] == ANA_LID
        assert await client.refusal("info", group=group)
        for code in (invited["code"], "nonsense"):
            assert await client.refusal("preview", code=code)
        assert (await wa.post("phones/628333333333/join", code=renewed))[1]["members"] == [BO, CLEO, "628333333333"]

    told(tmp_path, story)


def test_who_doesnt_let_others_add_them_is_asked_and_joins_by_the_offer(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        for number in (CLEO, NUMBER):
            await wa.post(f"phones/{number}/addable", on=False)
        made = await client.group("create", subject="Kopi", members=[BO_LID, CLEO_LID])
        assert made["errors"] == [[CLEO_LID, 403]]
        group = made["jid"]
        [[who, error, code]] = await client.group("add", group=group, members=[CLEO_LID])
        assert (who, error) == (CLEO_LID, 403)
        path = f"phones/{CLEO}/groups/{group}"
        assert (await wa.post(f"phones/{BO}/groups/{group}/accept", code=code))[1]["code"] == "invite_revoked"
        assert (await wa.post(f"{path}/accept", code=code))[1]["members"] == [NUMBER, BO, CLEO]
        await client.changed(group, join=[CLEO_LID])
        assert (await wa.post(f"{path}/accept", code=code))[1]["code"] == "invite_revoked"
        theirs = await wa.make_group(BO, "Teh")
        _, answer = await wa.post(f"phones/{BO}/groups/{theirs}/add", members=[NUMBER])
        assert (answer["failed"], answer["members"]) == ({NUMBER: 403}, [BO])
        await client.group("accept", group=theirs, by=BO_LID, code=answer["offers"][NUMBER], ends=0)
        assert (await client.joined(theirs))["members"] == [BO_LID, ANA_LID]

    told(tmp_path, story)


def test_where_admins_approve_who_comes_by_the_link_waits(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(NUMBER, "Kopi", BO)
        await wa.post(f"phones/{NUMBER}/groups/{group}/approval", on=True)
        link = await client.group("link", group=group)
        for number in (CLEO, "628333333333"):
            answered = (await wa.post(f"phones/{number}/join", code=link))[1]
            assert (answered["waits"], answered["members"]) == (True, [NUMBER, BO])
        assert sorted(await client.group("requests", group=group)) == sorted(
            [CLEO_LID, f"{lid_of('628333333333')}@lid"]
        )
        path = f"phones/{NUMBER}/groups/{group}"
        assert (await wa.post(f"{path}/approve", members=[CLEO, BO]))[1]["failed"] == {BO: 404}
        await client.changed(group, join=[CLEO_LID])
        assert (await wa.post(f"{path}/reject", members=["628333333333"]))[1]["members"] == [NUMBER, BO, CLEO]
        assert await client.group("requests", group=group) == []
        assert (await wa.post(f"phones/{BO}/groups/{group}/approve", members=[CLEO]))[1]["code"] == "not_an_admin"
        theirs = await wa.make_group(BO, "Teh")
        await wa.post(f"phones/{BO}/groups/{theirs}/approval", on=True)
        _, invited = await wa.post(f"phones/{BO}/groups/{theirs}/invite")
        assert await client.group("join", code=invited["link"]) == theirs
        assert [one["number"] for one in (await wa.get(f"phones/{BO}/groups/{theirs}/requests"))["requests"]] == [
            NUMBER
        ]
        await wa.post(f"phones/{BO}/groups/{theirs}/approve", members=[NUMBER])
        await client.joined(theirs)

    told(tmp_path, story)


def test_what_only_admins_may_is_refused_to_others(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", CLEO, NUMBER)
        for act, arguments in (
            ("remove", {"members": [CLEO_LID]}),
            ("promote", {"members": [ANA_LID]}),
            ("announce", {"on": True}),
            ("lock", {"on": True}),
            ("timer", {"seconds": 86400}),
        ):
            assert "403" in await client.refusal(act, group=group, **arguments)
        await client.group("subject", group=group, subject="Teh")
        await wa.post(f"phones/{BO}/groups/{group}/lock", on=True)
        assert "403" in await client.refusal("subject", group=group, subject="Kopi")
        other = await wa.make_group(BO, "Theirs", CLEO)
        assert "not participating" in await client.refusal("info", group=other)
        assert "403" in await client.refusal("subject", group=other, subject="Mine")
        assert "404" in await client.refusal("subject", group="120363000000000000@g.us", subject="Mine")
        assert [one["name"] for one in (await wa.get(f"phones/{CLEO}/groups"))["groups"]] == ["Teh", "Theirs"]

    told(tmp_path, story)


def test_when_the_last_admin_leaves_the_oldest_member_becomes_one(tmp_path: Path) -> None:
    async def story(wa: Loopback, client: RawClient) -> None:
        group = await wa.make_group(BO, "Kopi", NUMBER, CLEO)
        await wa.post(f"phones/{BO}/groups/{group}/leave")
        await client.changed(group, leave=[BO_LID])
        await client.changed(group, promote=[ANA_LID])
        assert (await client.group("info", group=group))["admins"] == [ANA_LID]

    told(tmp_path, story)


Talk = Callable[[Loopback, Wire, Jid], Awaitable[None]]


def spoken(tmp_path: Path, talk: Talk) -> None:
    """Have a device in Python, which is logged in, talk with the server about a group that its account is in."""

    async def story(wa: Loopback, companion: Companion) -> None:
        await wa.post(f"phones/{CLEO}")
        group = Jid.parse(await wa.make_group(BO, "Kopi", CLEO, NUMBER))
        async with logged_in(wa, companion) as wire:
            await test_delivery.ready(wire)
            await talk(wa, wire, group)

    test_delivery.told(tmp_path, story)


async def asked(wire: Wire, to: Jid, kind: str, child: Node) -> Node:
    await wire.send(Node("iq", {"id": "q1", "xmlns": "w:g2", "type": kind, "to": to}, (child,)))
    while (answer := await wire.receive()).text("id") != "q1":
        pass
    return answer


async def acknowledged(wire: Wire, message: Node) -> Node:
    await wire.send(message)
    return await test_delivery.until(wire, "ack")


def written(group: Jid, name: str, *readers: Jid, **attributes: Attribute) -> Node:
    """A message to a group whose ciphertexts nobody can open."""
    alone = Node("enc", {"v": "2", "type": "msg"}, b"\x33nothing")
    participants = Node("participants", {}, tuple(Node("to", {"jid": reader}, (alone,)) for reader in readers))
    shared = Node("enc", {"v": "2", "type": "skmsg"}, b"\x33nothing")
    return Node("message", {"id": name, "type": "text", "to": group, **attributes}, (participants, shared))


def test_a_message_that_names_members_otherwise_than_the_group_does_is_refused(tmp_path: Path) -> None:
    async def talk(_: Loopback, wire: Wire, group: Jid) -> None:
        refused = await acknowledged(wire, written(group, "M1"))
        assert (refused.text("class"), refused.text("error")) == ("message", "421")
        assert refused.jid("from") == group
        assert (await acknowledged(wire, written(group, "M2", addressing_mode="lid"))).text("error") == ""
        nowhere = written(Jid("120363000000000000", "g.us"), "M3", addressing_mode="lid")
        assert (await acknowledged(wire, nowhere)).text("error") == "404"

    spoken(tmp_path, talk)


def test_who_knows_another_list_of_devices_is_told_so(tmp_path: Path) -> None:
    async def talk(_: Loopback, wire: Wire, group: Jid) -> None:
        ours = [Jid(lid_of(number), LIDS) for number in (BO, CLEO, NUMBER)]
        right = devices_hash([*ours, ours[-1].on(1)])
        for name, given, expected in (("M1", right, ""), ("M2", devices_hash(ours), right)):
            answer = await acknowledged(wire, written(group, name, addressing_mode="lid", phash=given))
            assert answer.text("phash") == expected

    spoken(tmp_path, talk)


def test_a_member_without_the_key_gets_the_message_and_a_stranger_doesnt(tmp_path: Path) -> None:
    async def talk(wa: Loopback, wire: Wire, group: Jid) -> None:
        await wa.post("phones/628777777777")
        stranger = Jid(lid_of("628777777777"), LIDS)
        await wire.send(written(group, "M1", Jid(lid_of(BO), LIDS), stranger, addressing_mode="lid"))
        asking: set[str] = set()
        while len(asking) < 2:
            plea = await test_delivery.until(wire, "receipt")
            assert (plea.jid("from"), plea.text("type"), plea.text("id")) == (group, "retry", "M1")
            assert plea.get("keys", "identity").data
            asking.add(plea.jid("participant").user)
        assert asking == {lid_of(BO), lid_of(CLEO)}

    spoken(tmp_path, talk)


def test_a_client_lets_in_and_turns_away_who_waits(tmp_path: Path) -> None:
    async def talk(wa: Loopback, wire: Wire, group: Jid) -> None:
        path = f"phones/{BO}/groups/{group}"
        await wa.post(f"{path}/promote", members=[NUMBER])
        await asked(wire, group, "set", Node("membership_approval_mode", {}, (Node("group_join", {"state": "on"}),)))
        _, invited = await wa.post(f"{path}/invite")
        for number in ("628777777771", "628777777772"):
            await wa.post(f"phones/{number}/join", code=invited["code"])
        for verdict, number in (("approve", "628777777771"), ("reject", "628777777772"), ("approve", "628777777772")):
            who = Node("participant", {"jid": Jid(lid_of(number), LIDS)})
            action = Node("membership_requests_action", {}, (Node(verdict, {}, (who,)),))
            answer = await asked(wire, group, "set", action)
            [outcome] = answer.get("membership_requests_action", verdict).children
            assert outcome.text("error") == ("404" if (verdict, number[-1]) == ("approve", "2") else "")
        [shown] = (await wa.get(f"phones/{BO}/groups"))["groups"]
        assert (shown["members"], shown["approval"]) == ([BO, CLEO, NUMBER, "628777777771"], True)

    spoken(tmp_path, talk)


def test_a_group_is_described_in_parts(tmp_path: Path) -> None:
    async def talk(wa: Loopback, wire: Wire, group: Jid) -> None:
        await wa.post(f"phones/{BO}/groups/{group}/topic", topic="Jam 9")
        answer = await asked(wire, GROUPS, "get", Node("participating"))
        [found] = answer.get("groups").children
        assert [child.tag for child in found.children] == ["member_add_mode"]
        assert found.text("size") == "3"
        [found] = (
            (await asked(wire, GROUPS, "get", Node("participating", {}, (Node("description"),)))).get("groups").children
        )
        assert found.get("description", "body").data == b"Jam 9"
        assert found.find("participant") is None

    spoken(tmp_path, talk)


@pytest.mark.parametrize(
    ("to", "kind", "child", "code"),
    [
        (GROUPS, "get", Node("query"), "400"),
        (GROUPS, "set", Node("subject", {}, b"Teh"), "400"),
        (None, "set", Node("subject"), "400"),
        (None, "set", Node("subject", {}, b"\xff"), "400"),
        (None, "set", Node("add", {}, (Node("participant"),)), "400"),
        (None, "set", Node("ephemeral", {"expiration": "soon"}), "400"),
        (None, "set", Node("ephemeral", {"expiration": "86400"}), "403"),
        (None, "set", Node("description", {"id": "V", "prev": "OLD"}, (Node("body", {}, b"Jam 9"),)), "409"),
        (GROUPS, "set", Node("leave", {}, (Node("group", {"id": Jid("120363000000000000", "g.us")}),)), "404"),
        (GROUPS, "get", Node("invite", {"code": "nonsense"}), "406"),
        (None, "set", Node("accept", {"code": "nonsense"}), "410"),
        (None, "set", Node("membership_requests_action"), "400"),
        (None, "get", Node("membership_approval_requests"), "403"),
        (None, "get", Node("invite"), "401"),
    ],
)
def test_a_query_that_cant_be_answered_is_refused_with_whatsapps_code(
    tmp_path: Path, to: Jid | None, kind: str, child: Node, code: str
) -> None:
    async def talk(wa: Loopback, wire: Wire, group: Jid) -> None:
        before = await wa.get(f"phones/{BO}/groups")
        answer = await asked(wire, to or group, kind, child)
        assert (answer.text("type"), answer.get("error").text("code")) == ("error", code)
        assert await wa.get(f"phones/{BO}/groups") == before

    spoken(tmp_path, talk)
