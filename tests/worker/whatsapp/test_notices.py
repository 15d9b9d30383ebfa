"""Groups' changes and calls as messages, on the library's own protobuf classes."""

from typing import Any

import pytest

from chalicelib.domain import content as k
from chalicelib.domain.content import CallState, Content, GroupChange, GroupEvent, GroupMember, PhoneCall
from chalicelib.domain.messages import Party
from chalicelib.services.messages.store import Received
from chalicelib.worker.whatsapp import notices
from tests.makers import DEVICE
from tests.worker.protos import neonize as wa

SECONDS = 1_795_229_017
GROUP = "123-456@g.us"
BO = Party("628777000001", "200000000000002")
OWN = Party("6281234567890", "200000000000001")
PHONES = {"200000000000001": "6281234567890", "200000000000002": "628777000001"}


def jid(text: str) -> Any:
    user, _, server = text.partition("@")
    return wa.JID(User=user, Device=0, RawAgent=0, Integrator=0, Server=server, IsEmpty=not text)


def phone_of(lid: Any) -> str | None:
    return PHONES.get(lid.User)


def a_change(sender: str | None = "200000000000002@lid", **fields: Any) -> Any:
    event = wa.GroupInfoEvent(
        JID=jid(GROUP), Notify="Bo", Timestamp=SECONDS, PrevParticipantsVersionID="", ParticipantVersionID="",
        JoinReason="", **fields,
    )  # fmt: skip
    if sender:
        event.Sender.CopyFrom(jid(sender))
    return event


def changes(event: Any) -> list[Received]:
    return [incoming.received for incoming in notices.group_events(event, DEVICE, phone_of)]


def name(text: str) -> Any:
    return wa.GroupName(Name=text, NameSetAt=SECONDS, NameSetBy=jid(""))


def topic(text: str, *, deleted: bool = False) -> Any:
    return wa.GroupTopic(Topic=text, TopicID="1", TopicSetAt=SECONDS, TopicSetBy=jid(""), TopicDeleted=deleted)


BOTH = [jid("200000000000002@lid"), jid("200000000000009@lid"), jid("628555@s.whatsapp.net")]
MEMBERS = (
    GroupMember("628777000001", "200000000000002"),
    GroupMember(None, "200000000000009"),
    GroupMember("628555", None),
)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"Join": BOTH}, GroupEvent(GroupChange.JOINED, MEMBERS)),
        ({"Leave": BOTH[:1]}, GroupEvent(GroupChange.LEFT, MEMBERS[:1])),
        ({"Promote": BOTH[:1]}, GroupEvent(GroupChange.PROMOTED, MEMBERS[:1])),
        ({"Demote": BOTH[:1]}, GroupEvent(GroupChange.DEMOTED, MEMBERS[:1])),
        ({"Name": name("Kopi")}, GroupEvent(GroupChange.SUBJECT, value="Kopi")),
        ({"Topic": topic("Jam sembilan")}, GroupEvent(GroupChange.DESCRIPTION, value="Jam sembilan")),
        ({"Topic": topic("", deleted=True)}, GroupEvent(GroupChange.DESCRIPTION)),
        ({"Locked": wa.GroupLocked(isLocked=True)}, GroupEvent(GroupChange.LOCKED)),
        ({"Locked": wa.GroupLocked(isLocked=False)}, GroupEvent(GroupChange.UNLOCKED)),
        ({"Announce": wa.GroupAnnounce(IsAnnounce=True, AnnounceVersionID="1")}, GroupEvent(GroupChange.CLOSED)),
        ({"Announce": wa.GroupAnnounce(IsAnnounce=False, AnnounceVersionID="1")}, GroupEvent(GroupChange.OPENED)),
        ({"Ephemeral": wa.GroupEphemeral(IsEphemeral=True, DisappearingTimer=86_400)}, k.Timer(86_400)),
        ({"Ephemeral": wa.GroupEphemeral(IsEphemeral=False, DisappearingTimer=86_400)}, k.Timer(0)),
        ({"NewInviteLink": "https://chat.whatsapp.com/c0de"}, GroupEvent(GroupChange.INVITE_LINK)),
        ({"Delete": wa.GroupDelete(Deleted=True, DeletedReason="")}, GroupEvent(GroupChange.DELETED)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_change_of_a_group_is_a_message_in_it_by_who_made_it(fields: dict[str, Any], told: Content) -> None:
    (received,) = changes(a_change(**fields))
    assert received.content == told
    assert (received.chat, received.sender, received.at) == (GROUP, BO, SECONDS * 1000)
    assert (received.whatsapp_id, received.from_me, received.chat_lid) == (None, False, None)


def test_what_the_library_has_no_word_for_is_no_message() -> None:
    assert changes(a_change()) == []


def test_several_changes_at_once_are_told_apart_and_the_same_one_twice_is_not() -> None:
    event = a_change(Join=BOTH[:1], Promote=BOTH[:1], Name=name("Kopi"))
    first, again = changes(event), changes(event)
    assert [one.content for one in first if isinstance(one.content, GroupEvent)] == [one.content for one in first]
    assert len({one.mark for one in first}) == 3
    assert [one.mark for one in first] == [one.mark for one in again]
    (later,) = changes(a_change(Name=name("Teh")))
    assert later.mark not in {one.mark for one in first}


@pytest.mark.parametrize(
    ("sender", "own"),
    [("200000000000001@lid", True), ("6281234567890@s.whatsapp.net", True), ("200000000000002@lid", False)],
)
def test_what_the_account_did_itself_is_its_own(sender: str, own: bool) -> None:
    (received,) = changes(a_change(sender, Name=name("Kopi")))
    assert received.from_me is own


def test_nobody_may_have_made_a_change() -> None:
    (received,) = changes(a_change(None, Name=name("Kopi")))
    assert (received.sender, received.from_me) == (Party(), False)


def test_a_hostile_name_is_cut() -> None:
    (received,) = changes(a_change(Name=name("ÿ" * 10_000), Join=()))
    assert len(received.content.text or "") == k.LONGEST_NAME


def test_becoming_a_member_is_a_message_with_the_group_s_subject() -> None:
    group = wa.GroupInfo(JID=jid(GROUP), GroupName=name("Kopi"))
    event = wa.JoinedGroup(Reason="", Type="", CreateKey="", GroupInfo=group, Sender=jid("200000000000002@lid"))
    received = notices.joined(event, DEVICE, phone_of, now=7).received
    assert received.content == GroupEvent(GroupChange.ADDED, value="Kopi")
    assert (received.chat, received.sender, received.at, received.from_me) == (GROUP, BO, 7, False)


def meta(**fields: Any) -> Any:
    given = {
        "from": jid("200000000000002@lid"),
        "timestamp": SECONDS,
        "callCreator": jid("200000000000002@lid"),
        "callCreatorAlt": jid(""),
        "callID": "C1",
    } | fields
    return wa.BasicCallMeta(**given)


def a_node(*tags: str) -> Any:
    return wa.Node(Tag="offer", Nodes=[wa.Node(Tag=tag) for tag in tags])


REMOTE = wa.CallOffer.DESCRIPTOR.fields_by_name["callRemoteMeta"].message_type._concrete_class(
    remotePlatform="android", remoteVersion="2"
)


@pytest.mark.parametrize(
    ("received", "call"),
    [
        (
            notices.offered(
                wa.CallOffer(basicCallMeta=meta(), callRemoteMeta=REMOTE, data=a_node("audio")), DEVICE, phone_of
            ),
            PhoneCall("C1"),
        ),
        (
            notices.offered(
                wa.CallOffer(basicCallMeta=meta(), callRemoteMeta=REMOTE, data=a_node("audio", "video")),
                DEVICE,
                phone_of,
            ),
            PhoneCall("C1", video=True),
        ),
        (
            notices.group_offered(
                wa.CallOfferNotice(basicCallMeta=meta(), media="video", type="group", data=a_node()), DEVICE, phone_of
            ),
            PhoneCall("C1", video=True, group=True),
        ),
        (
            notices.accepted(
                wa.CallAccept(basicCallMeta=meta(), callRemoteMeta=REMOTE, data=a_node()), DEVICE, phone_of
            ),
            PhoneCall("C1", CallState.ACCEPTED),
        ),
        (
            notices.ended(wa.CallTerminate(basicCallMeta=meta(), reason="timeout", data=a_node()), DEVICE, phone_of),
            PhoneCall("C1", CallState.ENDED, reason="timeout"),
        ),
    ],
    ids=["a call", "a video call", "a call in a group", "taken elsewhere", "over"],
)
def test_a_call_is_a_message_in_the_chat_with_its_caller(received: Any, call: PhoneCall) -> None:
    told = received.received
    assert told.content == call
    assert (told.chat, told.chat_lid, told.sender) == ("628777000001@s.whatsapp.net", "200000000000002@lid", BO)
    assert (told.at, told.mark, told.from_me) == (SECONDS * 1000, f"C1 {call.state}", False)


def test_a_caller_whose_number_nobody_knows_is_named_by_lid() -> None:
    stranger = meta(callCreator=jid("200000000000009@lid"))
    told = notices.ended(wa.CallTerminate(basicCallMeta=stranger, reason="", data=a_node()), DEVICE, phone_of).received
    assert (told.chat, told.sender) == ("200000000000009@lid", Party(None, "200000000000009"))
    named = meta(callCreator=jid("200000000000009@lid"), callCreatorAlt=jid("628555@s.whatsapp.net"))
    told = notices.ended(wa.CallTerminate(basicCallMeta=named, reason="", data=a_node()), DEVICE, phone_of).received
    assert (told.chat, told.sender) == ("628555@s.whatsapp.net", Party("628555", "200000000000009"))
