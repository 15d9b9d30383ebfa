"""What the server keeps, brings and forgets, seen by a device in Python that says exactly what a test wants."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from chalicelib.wire.node import LIDS, PHONES, Attribute, Jid, Node
from infra.whatsapp_server.accounts import lid_of
from tests.whatsapp_server.companion import Companion, Wire
from tests.whatsapp_server.devices import NUMBER, Loopback, loopback
from tests.whatsapp_server.test_visit import logged_in, paired

BO = "628111111111"
ANA_LID, BO_LID = Jid(lid_of(NUMBER), LIDS), Jid(lid_of(BO), LIDS)
Story = Callable[[Loopback, Companion], Awaitable[None]]


def told(tmp_path: Path, story: Story) -> None:
    """Run a story with a linked device that isn't logged in, and a phone of another number."""

    async def run() -> None:
        async with loopback(tmp_path) as wa:
            companion = Companion()
            await paired(wa, companion)
            await wa.post(f"phones/{BO}", name="Bo")
            await story(wa, companion)

    asyncio.run(run())


async def ready(wire: Wire) -> list[Node]:
    """Become active; what waited, up to the word that this was all."""
    await wire.ask("passive", "set", Node("active"))
    came = [await wire.receive()]
    while came[-1].tag != "ib":
        came.append(await wire.receive())
    return came[:-1]


async def acknowledge(wire: Wire, stanza: Node) -> None:
    """As the real client does: a receipt for a message, an acknowledgement for all else."""
    if stanza.tag == "message":
        await wire.send(Node("receipt", {"id": stanza.text("id"), "to": stanza.attributes["from"]}))
        assert (await until(wire, "ack")).text("class") == "receipt"
        return
    about: dict[str, Attribute] = {"class": stanza.tag, "id": stanza.text("id"), "to": stanza.attributes["from"]}
    kind: dict[str, Attribute] = {"type": stanza.attributes["type"]} if "type" in stanza.attributes else {}
    await wire.send(Node("ack", {**about, **kind}))


async def until(wire: Wire, tag: str) -> Node:
    while (stanza := await wire.receive()).tag != tag:
        pass
    return stanza


def text(name: str, *readers: Jid) -> Node:
    """A message whose ciphertext nobody can open."""
    enc = Node("enc", {"v": "2", "type": "msg"}, b"\x33nothing")
    participants = Node("participants", {}, tuple(Node("to", {"jid": reader}, (enc,)) for reader in readers))
    return Node("message", {"id": name, "type": "text", "to": BO_LID}, (participants,))


def ids(stanzas: list[Node], tag: str = "message") -> list[str]:
    return [one.text("id") for one in stanzas if one.tag == tag and one.text("category") != "peer"]


def test_a_message_is_brought_again_until_it_is_acknowledged(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        names = [await wa.say(BO, NUMBER, f"{count}") for count in range(3)]
        async with logged_in(wa, companion) as wire:
            came = [stanza for stanza in await ready(wire) if stanza.text("category") != "peer"]
            assert ids(came) == names
            assert {one.text("offline") for one in came} == {"0"}
            await acknowledge(wire, came[1])
        async with logged_in(wa, companion) as wire:
            assert ids(await ready(wire)) == [names[0], names[2]]

    told(tmp_path, story)


def test_a_message_to_a_device_that_is_there_names_its_sender_and_isnt_marked(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            name = await wa.say(BO, NUMBER, "halo")
            message = await until(wire, "message")
            assert (message.text("id"), message.text("offline"), message.text("notify")) == (name, "", "Bo")
            assert message.jid("from") == BO_LID
            assert message.jid("sender_pn") == Jid(BO, PHONES)
            assert b"halo" not in message.get("enc").data

    told(tmp_path, story)


def test_what_the_own_phone_sends_names_the_recipient(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            await wa.say(NUMBER, BO, "halo")
            message = await until(wire, "message")
            assert (message.jid("from"), message.jid("recipient")) == (ANA_LID, BO_LID)
            assert message.jid("peer_recipient_pn") == Jid(BO, PHONES)

    told(tmp_path, story)


def test_before_a_device_is_active_nothing_is_brought(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await wa.say(BO, NUMBER, "halo")
            await wire.send(Node("iq", {"id": "ping", "xmlns": "w:p", "type": "get"}))
            assert (await wire.receive()).text("id") == "ping"

    told(tmp_path, story)


def test_a_receipt_of_a_device_that_is_away_waits_too(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        name = await wa.say(NUMBER, BO, "halo")
        async with logged_in(wa, companion) as wire:
            [receipt] = [stanza for stanza in await ready(wire) if stanza.tag == "receipt"]
            assert (receipt.text("id"), receipt.jid("from"), receipt.text("type")) == (name, BO_LID, "")
            await acknowledge(wire, receipt)
        async with logged_in(wa, companion) as wire:
            assert ids(await ready(wire), "receipt") == []

    told(tmp_path, story)


def test_a_message_sent_twice_under_one_id_is_delivered_once(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            for _ in range(2):
                await wire.send(text("M1", BO_LID))
            came: list[Node] = []
            while len(came) < 3:
                came.append(await wire.receive())
            # The phone can't open it, and asks once.
            assert sorted((one.tag, one.text("id")) for one in came) == [("ack", "M1")] * 2 + [("receipt", "M1")]
            await wire.send(Node("iq", {"id": "ping", "xmlns": "w:p", "type": "get"}))
            assert (await wire.receive()).text("id") == "ping"

    told(tmp_path, story)


def test_a_phone_that_cant_open_a_message_sends_keys_to_begin_anew(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            await wire.send(text("M1", BO_LID))
            plea = await until(wire, "receipt")
            assert (plea.text("type"), plea.get("retry").text("count"), plea.get("retry").text("id")) == (
                "retry", "1", "M1",
            )  # fmt: skip
            assert len(plea.get("keys", "key", "value").data) == 32

    told(tmp_path, story)


def test_a_message_for_nobody_is_acknowledged_and_flagged(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            await wire.send(text("M1"))
            acknowledged = await until(wire, "ack")
            assert (acknowledged.text("class"), acknowledged.text("error")) == ("message", "")
            [stray] = (await wa.get("mail"))["to_nobody"]
            assert (stray["id"], stray["from"], stray["to"]) == ("M1", NUMBER, BO)

    told(tmp_path, story)


def test_a_message_to_a_number_that_nobody_has_is_refused(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            await wire.send(Node("message", {"id": "M1", "type": "text", "to": Jid("29", LIDS)}))
            assert (await until(wire, "ack")).text("error") == "404"

    told(tmp_path, story)


def test_a_message_reaches_no_third_party_and_no_device_that_is_gone(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        await wa.post("phones/628222222222")
        third = Jid(lid_of("628222222222"), LIDS)
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            await wire.send(text("M1", third, BO_LID.on(9)))
            await until(wire, "ack")
            assert [stray["id"] for stray in (await wa.get("mail"))["to_nobody"]] == ["M1"]

    told(tmp_path, story)


def test_devices_learn_that_a_device_list_has_changed(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            other = Companion()
            await paired(wa, other, number=BO)
            notice = await until(wire, "notification")
            assert (notice.text("type"), notice.jid("from"), notice.jid("lid")) == ("devices", BO_LID, BO_LID)
            named = {one.jid("jid") for one in notice.get("update").named("device")}
            assert named == {jid.on(device) for jid in (BO_LID, Jid(BO, PHONES)) for device in (0, 1)}
            await acknowledge(wire, notice)
            await wa.post(f"phones/{BO}/unlink")
            notice = await until(wire, "notification")
            assert notice.text("type") == "devices"
            assert {one.jid("jid") for one in notice.get("update").named("device")} == {BO_LID, Jid(BO, PHONES)}

    told(tmp_path, story)


def test_the_mail_of_a_device_that_was_unlinked_is_forgotten(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        await wa.say(BO, NUMBER, "halo")
        assert (await wa.get("mail"))["waiting"] == [{"number": NUMBER, "device": 1, "count": 1}]
        await wa.post(f"phones/{NUMBER}/unlink")
        assert (await wa.get("mail"))["waiting"] == []

    told(tmp_path, story)


def test_a_phone_gives_a_bundle_with_a_key_of_its_own_to_each_who_asks(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            asked = Node("key", {}, (Node("user", {"jid": BO_LID}),))
            found = [
                (await wire.ask("encrypt", "get", asked, name=f"q{count}")).get("list", "user") for count in range(2)
            ]
            assert [user.jid("jid") for user in found] == [BO_LID] * 2
            first, second = (user.get("key", "id").data for user in found)
            assert first != second

    told(tmp_path, story)


def test_settings_that_are_up_to_date_bring_nothing_new(tmp_path: Path) -> None:
    async def story(wa: Loopback, companion: Companion) -> None:
        async with logged_in(wa, companion) as wire:
            await ready(wire)
            asked = Node("sync", {}, (
                Node("collection", {"name": "critical_block"}),
                Node("collection", {"name": "critical_block", "version": "1"}),
                Node("collection", {"name": "regular", "version": "0"}),
            ))  # fmt: skip
            answer = (await wire.ask("w:sync:app:state", "set", asked)).get("sync")
            found = [(one.text("version"), one.find("patches", "patch") is not None) for one in answer.children]
            assert found == [("1", True), ("1", False), ("0", False)]

    told(tmp_path, story)
