"""A worker process with the real client, while WhatsApp sends what the client library wasn't made for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.content import Undecryptable
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.session import Reason, Status
from chalicelib.wire.proto.message_pb2 import Message as Encrypted
from tests.makers import a_message
from tests.worker.outside import now
from tests.worker.processes import NUMBER, ProcessHarness, told

pytestmark = pytest.mark.subprocess

FRIEND, NOBODY = "628777000001", "628777000002"
AT_ONCE_S = 1.0


async def friend(harness: ProcessHarness) -> str:
    """Put a friend on WhatsApp; return the address that its stanzas come from."""
    status, answer = await harness.wa.post(f"phones/{FRIEND}", name="Bo")
    assert status == 200, answer
    return str(answer["lid"])


async def send_odd(harness: ProcessHarness, tag: str, **attributes: str) -> None:
    assert await harness.wa.post("faults/stanza", number=NUMBER, tag=tag, attributes=attributes) == (200, {"sent": 1})


async def messages(harness: ProcessHarness, count: int) -> list[Message]:
    """Wait for so many messages; all of them, oldest first."""
    await harness.until(lambda _: len(harness.outside.messages.rows) >= count)
    return list(harness.outside.messages.rows.values())


def moves(harness: ProcessHarness) -> list[tuple[str, str | None]]:
    return [(str(move.status), move.reason) for move in harness.outside.sessions.moves]


@pytest.mark.parametrize("kind", ["view", "server-error", "what nobody knows"])
def test_a_client_that_ended_over_a_receipt_it_doesnt_know_is_restarted_at_once(
    tmp_path: Path, device: Path, kind: str
) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        lid = await friend(harness)
        await send_odd(harness, "receipt", **{"from": lid, "id": "3AB0", "type": kind, "t": "1700000000"})
        async with asyncio.timeout(AT_ONCE_S):
            session = await harness.until(lambda session: session.status is Status.DISCONNECTED)
        assert session.reason == Reason.CLIENT_RESTARTED
        # WhatsApp keeps what comes now, since nobody acknowledges it.
        await harness.wa.until_online(online=False)
        await harness.wa.say(FRIEND, NUMBER, "are you there?")
        session = await harness.until_status(Status.CONNECTED)
        (message,) = await messages(harness, 1)
        assert message.content.text == "are you there?"
        assert (worker.returncode, session.epoch) == (None, 1)

    told(tmp_path, story, device)


def test_odd_stanzas_again_and_again_are_waited_out(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.connected()
        lid = await friend(harness)
        lasted = []
        for count in range(3):
            await send_odd(harness, "receipt", **{"from": lid, "id": f"3AB{count}", "type": "view", "t": "1700000000"})
            began = (await harness.until_status(Status.DISCONNECTED)).since
            lasted.append((await harness.until_status(Status.CONNECTED)).since - began)
        assert lasted[2] >= 2_000

    told(tmp_path, story, device)


def test_a_state_of_a_chat_that_it_doesnt_know_changes_nothing(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.connected()
        lid = await friend(harness)
        await harness.wa.post(
            "faults/stanza", number=NUMBER, tag="chatstate", attributes={"from": lid}, child="juggling"
        )
        await harness.wa.say(FRIEND, NUMBER, "still there?")
        await messages(harness, 1)
        assert [event.type for event in harness.reported()] == ["session.connected"]

    told(tmp_path, story, device)


GROUP = "123456789@g.us"
CALLS = ["offer", "terminate", "accept", "offer_notice", "juggling"]
CHANGES = ["subject", "add", "ephemeral", "announcement", "delete", "create", "membership_approval_mode", "juggling"]


def test_calls_and_changes_of_groups_that_say_nothing_cost_no_message(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        worker = await harness.connected()
        lid = await friend(harness)
        for count, child in enumerate(CALLS):
            about = {"from": lid, "id": f"3AC{count}", "t": "1700000000"}
            await harness.wa.post("faults/stanza", number=NUMBER, tag="call", attributes=about, child=child)
        for count, child in enumerate(CHANGES):
            about = {"from": GROUP, "id": f"3AD{count}", "t": "1700000000", "type": "w:gp2", "participant": lid}
            await harness.wa.post("faults/stanza", number=NUMBER, tag="notification", attributes=about, child=child)
        await harness.wa.say(FRIEND, NUMBER, "still there?")
        await harness.until(lambda _: "still there?" in {one.content.text for one in heard(harness)})
        assert worker.returncode is None
        assert Status.FAILED not in {move.status for move in harness.outside.sessions.moves}

    told(tmp_path, story, device)


def heard(harness: ProcessHarness) -> list[Message]:
    return list(harness.outside.messages.rows.values())


def test_a_text_that_isnt_utf8_comes_as_a_text(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.connected()
        await friend(harness)
        text = b"caf\xe9 \xff!"
        message_of_it = bytes([1 << 3 | 2, len(text)]) + text
        fields = {"to": NUMBER, "kind": "raw", "message": message_of_it.hex()}
        status, answer = await harness.wa.post(f"phones/{FRIEND}/send", **fields)
        assert status == 200, answer
        (message,) = await messages(harness, 1)
        assert message.content.text == "caf\ufffd \ufffd!"

    told(tmp_path, story, device)


def test_a_message_that_is_nested_too_deep_is_told_of(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.connected()
        await friend(harness)
        message = inner = Encrypted()
        for _ in range(60):
            inner = inner.ephemeralMessage.message
        inner.conversation = "deep down"
        deep = message.SerializeToString().hex()
        status, answer = await harness.wa.post(f"phones/{FRIEND}/send", to=NUMBER, kind="raw", message=deep)
        assert status == 200, answer
        (told_of,) = await messages(harness, 1)
        assert told_of.content == Undecryptable()
        assert told_of.chat == f"{FRIEND}@s.whatsapp.net"

    told(tmp_path, story, device)


def test_a_new_device_asks_for_as_little_history_as_it_can(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.start()
        await harness.code()
        (waiting,) = (await harness.wa.get("waiting"))["devices"]
        history: dict[str, Any] = waiting["history"]
        assert history == {"all": False, "full_days": 1, "full_mb": 1, "recent_days": 1, "quota_mb": 100}

    told(tmp_path, story)


def test_what_the_library_prints_of_a_recipient_is_in_no_log(tmp_path: Path, device: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.connected()
        jid = f"{NOBODY}@s.whatsapp.net"
        harness.outside.messages.put(a_message(uid=harness.session.uid, chat=jid, to=jid, created_at=now()))
        harness.outside.mailbox.ring()
        (message,) = await messages(harness, 1)
        await harness.until(
            lambda _: harness.outside.messages.rows[message.uid, message.id].status is MessageStatus.FAILED
        )
        await harness.until(lambda _: '"message"' in harness.log())
        assert NOBODY not in harness.log()

    told(tmp_path, story, device)


@pytest.mark.parametrize("code", [101, 999])
def test_a_ban_is_one_whatever_its_code(tmp_path: Path, device: Path, code: int) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.wa.post("faults/failure", reason=402, ban=code, expire_s=86_400)
        began = now()
        worker = await harness.start()
        assert await harness.ended(worker) == 0
        banned = harness.now
        assert (banned.status, banned.reason) == (Status.FAILED, Reason.TEMPORARY_BAN)
        assert banned.until
        assert began <= banned.until - 86_400_000 <= now()
        assert ("people who don't have its number" in (banned.message or "")) == (code == 101)

    told(tmp_path, story, device)


@pytest.mark.parametrize("reason", [418, 499])
def test_a_login_refused_for_a_reason_it_doesnt_know_is_tried_again(tmp_path: Path, device: Path, reason: int) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.wa.post("faults/failure", reason=reason)
        await harness.start()
        await harness.until_it_was(Reason.CONNECT_FAILURE)
        await harness.until_status(Status.CONNECTED)

    told(tmp_path, story, device)
