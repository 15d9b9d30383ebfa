"""The library's message and receipt events, as they come out of it."""

from typing import Any

import pytest

from chalicelib.domain.content import Context, Deleted, Target, Text, Undecryptable, Withheld
from chalicelib.domain.messages import MessageStatus, Party
from chalicelib.services.messages.store import Received
from chalicelib.wire.addons import Use
from chalicelib.worker.whatsapp.client import ReadElsewhere, ReceiptEvent
from chalicelib.worker.whatsapp.incoming import PhoneOf, receipt, undecryptable
from chalicelib.worker.whatsapp.incoming import incoming as came_in
from chalicelib.worker.whatsapp.sealed import Sealed
from tests.worker.protos import messages
from tests.worker.protos import neonize as wa

AT = 1_795_229_017_000
BO = Party("628777000001", "200000000000002", "Bo")


def jid(text: str) -> Any:
    user, _, server = text.partition("@")
    user, _, device = user.partition(":")
    return wa.JID(User=user, Device=int(device or 0), RawAgent=0, Integrator=0, Server=server, IsEmpty=not text)


def a_source(chat: str, sender: str, beside: str = "", **more: Any) -> Any:
    fields = {"IsFromMe": False, "IsGroup": False, "AddressingMode": "LID"} | more
    to = str(fields.pop("to", ""))
    return wa.MessageSource(
        Chat=jid(chat), Sender=jid(sender), SenderAlt=jid(beside), RecipientAlt=jid(to),
        BroadcastListOwner=jid(""), **fields,
    )  # fmt: skip


def an_info(source: Any, **more: Any) -> Any:
    fields = {"ID": "3A01", "Pushname": "Bo", "Timestamp": AT} | more
    return wa.MessageInfo(MessageSource=source, **fields)


def a_text(source: Any, **more: Any) -> Any:
    return wa.Message(Info=an_info(source, **more), Message=messages.Message(conversation="Kopi?"))


def nobody(_lid: Any) -> str | None:
    return None


def incoming(event: Any, phone_of: PhoneOf) -> Received | None:
    """The message alone."""
    came = came_in(event, phone_of)
    return came.received if came else None


DIRECT = a_source("200000000000002@lid", "200000000000002:3@lid", "628777000001@s.whatsapp.net")


def test_a_direct_text_is_in_the_chat_of_its_senders_number() -> None:
    assert incoming(a_text(DIRECT), nobody) == Received(
        "3A01", "628777000001@s.whatsapp.net", BO, at=AT, content=Text("Kopi?"), chat_lid="200000000000002@lid"
    )


def test_a_sender_whom_whatsapp_names_by_number_alone_has_no_lid() -> None:
    found = incoming(a_text(a_source("628777000001@s.whatsapp.net", "628777000001@s.whatsapp.net")), nobody)
    assert found
    assert (found.sender, found.chat) == (Party("628777000001", None, "Bo"), "628777000001@s.whatsapp.net")


def test_a_number_that_is_not_beside_is_looked_up() -> None:
    event = a_text(a_source("200000000000002@lid", "200000000000002@lid"))
    known, unknown = incoming(event, lambda _: "628777000001"), incoming(event, nobody)
    assert known
    assert unknown
    assert (known.chat, known.sender.phone) == ("628777000001@s.whatsapp.net", "628777000001")
    assert (unknown.chat, unknown.sender) == ("200000000000002@lid", Party(None, "200000000000002", "Bo"))
    assert known.chat_lid == unknown.chat_lid == "200000000000002@lid"


def test_a_copy_from_another_device_is_in_the_recipients_chat() -> None:
    source = a_source("200000000000002@lid", "200000000000001@lid", IsFromMe=True, to="628777000001@s.whatsapp.net")
    found = incoming(a_text(source, Pushname="Ana"), lambda _: "628111000001")
    assert found
    assert (found.from_me, found.chat) == (True, "628777000001@s.whatsapp.net")
    assert found.sender == Party("628111000001", "200000000000001", "Ana")


def test_a_group_is_the_chat_and_its_member_the_sender() -> None:
    source = a_source("123-456@g.us", "200000000000002:3@lid", "628777000001@s.whatsapp.net", IsGroup=True)
    found = incoming(a_text(source), nobody)
    assert found
    assert (found.chat, found.chat_lid, found.sender) == ("123-456@g.us", None, BO)


def test_what_an_administrator_of_the_group_deletes_is_told_as_such() -> None:
    source = a_source("123-456@g.us", "200000000000002:3@lid", "628777000001@s.whatsapp.net", IsGroup=True)
    revoke = messages.ProtocolMessage(type=messages.ProtocolMessage.REVOKE)
    revoke.key.ID, revoke.key.participant = "3A00", "200000000000009@lid"
    event = wa.Message(Info=an_info(source, Edit="8"), Message=messages.Message(protocolMessage=revoke))
    found = incoming(event, nobody)
    assert found
    assert found.sender == BO
    assert found.content == Deleted(Target("3A00", None, "200000000000009@lid"), by_admin=True)


def test_a_message_that_the_library_unwrapped_may_be_seen_once_all_the_same() -> None:
    event = a_text(DIRECT)
    event.IsViewOnceV2 = True
    found = incoming(event, nobody)
    assert found
    assert found.context == Context(view_once=True)


@pytest.mark.parametrize("grouped", [True, False])
def test_a_broadcast_list_is_its_senders_way_of_writing_to_one(grouped: bool) -> None:
    source = a_source("99@broadcast", "200000000000002@lid", "628777000001@s.whatsapp.net", IsGroup=grouped)
    found = incoming(a_text(source), nobody)
    assert found
    assert (found.chat, found.chat_lid) == ("628777000001@s.whatsapp.net", "200000000000002@lid")


def test_what_the_account_itself_writes_to_a_list_is_in_the_list() -> None:
    source = a_source("99@broadcast", "200000000000001@lid", IsGroup=True, IsFromMe=True)
    found = incoming(a_text(source), nobody)
    assert found
    assert (found.chat, found.chat_lid, found.from_me) == ("99@broadcast", None, True)


def test_a_business_that_is_hosted_has_one_chat_with_the_number_that_it_is() -> None:
    source = a_source("200000000000002@hosted.lid", "200000000000002:99@hosted.lid", "628777000001:99@hosted")
    found = incoming(a_text(source), nobody)
    assert found
    assert (found.chat, found.chat_lid) == ("628777000001@s.whatsapp.net", "200000000000002@lid")


@pytest.mark.parametrize(
    "event",
    [
        a_text(DIRECT, Category="peer"),
        a_text(a_source("status@broadcast", "200000000000002@lid", IsGroup=True)),
        a_text(a_source("123@newsletter", "123@newsletter")),
        wa.Message(Info=an_info(DIRECT), Message=messages.Message()),
    ],
    ids=["peer", "status", "newsletter", "empty"],
)
def test_what_is_not_written_to_the_account_is_no_message(event: Any) -> None:
    assert incoming(event, nobody) is None


def test_what_cannot_be_read_says_who_wrote_it() -> None:
    found = undecryptable(wa.UndecryptableMessage(Info=an_info(DIRECT), DecryptFailMode="DECRYPT_FAIL_SHOW"), nobody)
    assert found
    assert (found.received.content, found.received.sender) == (Undecryptable(), BO)


def test_what_whatsapp_shows_on_the_phone_alone_is_unavailable() -> None:
    event = wa.UndecryptableMessage(Info=an_info(DIRECT), DecryptFailMode="DECRYPT_FAIL_SHOW", IsUnavailable=True)
    found = undecryptable(event, nobody)
    assert found
    assert found.received.content == Withheld()


def test_a_message_that_was_asked_for_again_says_so() -> None:
    event = a_text(DIRECT)
    event.RetryCount = 1
    first, again = incoming(a_text(DIRECT), nobody), incoming(event, nobody)
    assert first
    assert again
    assert (first.retried, again.retried) == (False, True)


def test_a_message_comes_with_its_secret_its_file_and_what_is_sealed_in_it() -> None:
    image = messages.ImageMessage(
        directPath="/v/1", mediaKey=b"k" * 32, fileEncSHA256=b"e" * 32, fileSHA256=b"f" * 32, fileLength=9
    )
    event = wa.Message(Info=an_info(DIRECT), Message=messages.Message(imageMessage=image))
    event.Message.messageContextInfo.messageSecret = b"s" * 32
    found = came_in(event, nobody)
    assert found
    assert found.file
    assert (found.received.secret, found.file.direct_path, found.sealed) == (b"s" * 32, "/v/1", None)
    vote = messages.PollUpdateMessage(vote={"encPayload": b"p" * 40, "encIV": b"i" * 12})
    vote.pollCreationMessageKey.ID = "3A00"
    voted = came_in(wa.Message(Info=an_info(DIRECT), Message=messages.Message(pollUpdateMessage=vote)), nobody)
    assert voted
    assert voted.sealed == Sealed(Use.POLL_VOTE, b"p" * 40, b"i" * 12)


def test_what_its_sender_wants_nobody_to_miss_is_not_missed() -> None:
    hidden = "DECRYPT_FAIL_HIDE"
    assert undecryptable(wa.UndecryptableMessage(Info=an_info(DIRECT), DecryptFailMode=hidden), nobody) is None


def test_a_time_before_all_time_is_its_beginning() -> None:
    found = incoming(a_text(DIRECT, Timestamp=-62_135_596_800_000), nobody)
    assert found
    assert found.at == 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("DELIVERED", MessageStatus.DELIVERED),
        ("INACTIVE", MessageStatus.DELIVERED),
        ("READ", MessageStatus.READ),
        ("PLAYED", MessageStatus.READ),
        ("SENDER", None),
        ("RETRY", None),
        ("READ_SELF", None),
        ("PEER_MSG", None),
        ("HISTORY_SYNC", None),
        ("SERVER_ERROR", None),
    ],
)
def test_receipts(kind: str, status: MessageStatus | None) -> None:
    event = wa.Receipt(MessageSource=DIRECT, MessageIDs=["3A01", "3A02"], Timestamp=AT, Type=kind)
    told = ReceiptEvent(("3A01", "3A02"), status, played=kind == "PLAYED") if status else None
    assert receipt(event, nobody) == told


def test_in_a_group_a_receipt_says_whose_it_is() -> None:
    source = a_source("120363020310020819@g.us", "200000000000002:3@lid", IsGroup=True)
    event = wa.Receipt(MessageSource=source, MessageIDs=["3A01"], Timestamp=AT, Type="READ")
    member = Party("628777000001", "200000000000002")
    assert receipt(event, lambda _: "628777000001") == ReceiptEvent(("3A01",), MessageStatus.READ, member, AT * 1000)
    by_number = a_source("120363020310020819@g.us", "628777000001:3@s.whatsapp.net", IsGroup=True)
    event = wa.Receipt(MessageSource=by_number, MessageIDs=["3A01"], Timestamp=-62135596800, Type="DELIVERED")
    assert receipt(event, nobody) == ReceiptEvent(("3A01",), MessageStatus.DELIVERED, Party("628777000001"), 0)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("SENDER", ReceiptEvent(("3A01",), MessageStatus.SENT)),
        ("READ", ReadElsewhere("200000000000002@lid", ("3A01",))),
        ("READ_SELF", ReadElsewhere("200000000000002@lid", ("3A01",))),
        ("DELIVERED", None),
        ("PLAYED", None),
    ],
)
def test_our_own_devices_tell_that_they_got_a_copy_and_what_they_have_read(kind: str, told: object) -> None:
    mine = a_source("200000000000002@lid", "200000000000001@lid", IsFromMe=True)
    event = wa.Receipt(MessageSource=mine, MessageIDs=["3A01"], Timestamp=AT, Type=kind)
    assert receipt(event, nobody) == told


def test_a_bot_has_neither_number_nor_lid_and_its_chat_is_named_after_it() -> None:
    found = incoming(a_text(a_source("867051314767696@bot", "867051314767696@bot")), nobody)
    assert found
    assert (found.chat, found.sender) == ("867051314767696@bot", Party(None, None, "Bo"))
