"""Votes, reactions, comments, answers and edits that came in sealed, over the items of the messages that they are about."""

from dataclasses import replace

import pytest

from chalicelib.domain.content import (
    About,
    Comment,
    Content,
    Edited,
    EventResponse,
    PlannedEvent,
    Poll,
    PollVote,
    Reaction,
    Target,
    Text,
)
from chalicelib.domain.messages import Direction, MessageStatus, Party
from chalicelib.services.messages.store import Received
from chalicelib.wire.addons import AddOn, Use, option_hash
from chalicelib.wire.proto import message_pb2 as wa
from chalicelib.worker.session.unsealing import Unsealer
from chalicelib.worker.whatsapp.sealed import Sealed, sealed_vote
from tests.composition import Rig
from tests.makers import DEVICE, NOW, a_message, a_running_session

SESSION = a_running_session(device=DEVICE)
SECRET = bytes(range(32))
OWN_LID, OWN_NUMBER = "200000000000001@lid", "6281234567890@s.whatsapp.net"
BO = Party("628987654321", "200000000000002", "Bo")
CY = Party("628555000111", "200000000000003", "Cy")
BO_LID, BO_NUMBER = "200000000000002@lid", "628987654321@s.whatsapp.net"
CHAT, GROUP = BO_NUMBER, "123-456@g.us"
POLL = Poll("Jam?", ("9", "10", "11"))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def ours(rig: Rig, content: Content, **more: object) -> None:
    """A message that this session sent."""
    message = a_message(
        direction=Direction.OUTBOUND, status=MessageStatus.SENT, whatsapp_id="3EB01", content=content, secret=SECRET,
        sender=Party(DEVICE.phone), **more,
    )  # fmt: skip
    rig.stores.messages.put(message)
    rig.stores.messages.note_whatsapp_id(message)


def theirs(rig: Rig, content: Content, sender: Party = BO, chat: str = CHAT, *, from_me: bool = False) -> None:
    """A message that came in."""
    lid = BO_LID if chat == CHAT else None
    rig.inbox.receive(
        SESSION, Received("3A01", chat, sender, NOW, content, chat_lid=lid, secret=SECRET, from_me=from_me)
    )


def said(content: Content, sender: Party = BO, chat: str = CHAT, *, from_me: bool = False) -> Received:
    lid = BO_LID if chat == CHAT else None
    return Received("3A02", chat, sender, NOW, content, chat_lid=lid, from_me=from_me)


def opened(rig: Rig, received: Received, sealed: Sealed) -> Content:
    after = Unsealer(rig.inbox).open(SESSION, received, sealed)
    assert replace(after, content=received.content) == received
    return after.content


def edit(body: str, *, author: str, target: str = "3A01", within: bool = True) -> Sealed:
    new = wa.Message(conversation=body)
    protocol = wa.ProtocolMessage(type=wa.ProtocolMessage.MESSAGE_EDIT, editedMessage=new, key={"ID": target})
    plain = wa.Message(protocolMessage=protocol) if within else new
    payload, iv = AddOn(Use.MESSAGE_EDIT, target, author, author).seal(SECRET, plain.SerializeToString())
    return Sealed(Use.MESSAGE_EDIT, payload, iv)


@pytest.mark.parametrize(("author", "voter"), [(OWN_LID, BO_LID), (OWN_NUMBER, BO_NUMBER), (OWN_LID, BO_NUMBER)])
def test_a_vote_in_our_own_poll_says_what_was_chosen_by_whichever_names(rig: Rig, author: str, voter: str) -> None:
    ours(rig, POLL)
    sealed = sealed_vote(["11", "9"], SECRET, poll="3EB01", author=author, voter=voter)
    target = Target("3EB01", from_me=True)
    assert opened(rig, said(PollVote(target)), sealed) == PollVote(target, ("9", "11"))


def test_a_vote_that_is_taken_back_has_no_options_which_is_not_none(rig: Rig) -> None:
    ours(rig, POLL)
    sealed = sealed_vote([], SECRET, poll="3EB01", author=OWN_LID, voter=BO_LID)
    assert opened(rig, said(PollVote(Target("3EB01", from_me=True))), sealed) == PollVote(
        Target("3EB01", from_me=True), ()
    )


@pytest.mark.parametrize("target", [Target("3A01", from_me=False), Target("3A01", None, BO_LID)])
def test_a_vote_of_another_member_in_somebody_s_poll_is_opened(rig: Rig, target: Target) -> None:
    theirs(rig, POLL, chat=GROUP)
    sealed = sealed_vote(["10"], SECRET, poll="3A01", author=BO_LID, voter="200000000000003@lid")
    target = Target(target.id, target.from_me, BO_LID)
    assert opened(rig, said(PollVote(target), CY, GROUP), sealed) == PollVote(target, ("10",))


def test_a_vote_from_the_account_s_own_phone_is_opened(rig: Rig) -> None:
    theirs(rig, POLL)
    sealed = sealed_vote(["10"], SECRET, poll="3A01", author=BO_LID, voter=OWN_LID)
    target, own = Target("3A01", from_me=False), Party(DEVICE.phone, "200000000000001")
    assert opened(rig, said(PollVote(target), own, from_me=True), sealed) == PollVote(target, ("10",))


def test_a_vote_in_a_poll_of_the_account_s_own_phone_is_opened(rig: Rig) -> None:
    theirs(rig, POLL, Party(DEVICE.phone, "200000000000001"), from_me=True)
    sealed = sealed_vote(["10"], SECRET, poll="3A01", author=OWN_LID, voter=BO_LID)
    target = Target("3A01", from_me=True)
    assert opened(rig, said(PollVote(target)), sealed) == PollVote(target, ("10",))


@pytest.mark.parametrize("within", [True, False])
def test_an_edit_says_what_the_message_says_now(rig: Rig, within: bool) -> None:
    theirs(rig, Text("Jam sembilan"))
    target = Target("3A01", from_me=False)
    sealed = edit("Jam sepuluh", author=BO_LID, within=within)
    assert opened(rig, said(Edited(target, encrypted=True)), sealed) == Edited(target, "text", body="Jam sepuluh")


def test_nobody_but_its_writer_edits_a_message_though_all_readers_have_its_secret(rig: Rig) -> None:
    theirs(rig, Text("Jam sembilan"), chat=GROUP)
    sealed_by_cy = AddOn(Use.MESSAGE_EDIT, "3A01", BO_LID, "200000000000003@lid")
    payload, iv = sealed_by_cy.seal(SECRET, wa.Message(conversation="Batal").SerializeToString())
    told = Edited(Target("3A01", None, BO_LID), encrypted=True)
    assert opened(rig, said(told, CY, GROUP), Sealed(Use.MESSAGE_EDIT, payload, iv)) == told


@pytest.mark.parametrize(
    ("told", "sealed"),
    [
        (
            PollVote(Target("3A09", from_me=False)),
            sealed_vote(["9"], SECRET, poll="3A09", author=BO_LID, voter=BO_LID),
        ),
        (
            PollVote(Target("3A01", from_me=False)),
            sealed_vote(["9"], bytes(32), poll="3A01", author=BO_LID, voter=BO_LID),
        ),
        (
            PollVote(Target("3A01", from_me=False)),
            sealed_vote(["noon"], SECRET, poll="3A01", author=BO_LID, voter=BO_LID),
        ),
        (PollVote(Target("3A01", from_me=False)), Sealed(Use.POLL_VOTE, b"", b"")),
        (PollVote(None), sealed_vote(["9"], SECRET, poll="3A01", author=BO_LID, voter=BO_LID)),
        (
            PollVote(Target("3A01", from_me=False)),
            Sealed(Use.POLL_VOTE, *AddOn(Use.POLL_VOTE, "3A01", BO_LID, BO_LID).seal(SECRET, b"\xff\xff")),
        ),
    ],
    ids=["no such poll", "another secret", "none of the options", "nothing", "about nothing", "no vote"],
)
def test_what_does_not_open_stays_as_it_came(rig: Rig, told: Content, sealed: Sealed) -> None:
    theirs(rig, POLL)
    assert opened(rig, said(told), sealed) == told


def test_a_poll_from_before_secrets_were_kept_opens_no_vote(rig: Rig) -> None:
    rig.inbox.receive(SESSION, Received("3A01", CHAT, BO, NOW, POLL, chat_lid=BO_LID))
    told = PollVote(Target("3A01", from_me=False))
    sealed = sealed_vote(["9"], SECRET, poll="3A01", author=BO_LID, voter=BO_LID)
    assert opened(rig, said(told), sealed) == told


def test_another_one_s_message_of_the_same_id_is_not_meant(rig: Rig) -> None:
    ours(rig, Poll("Siapa?", ("Bo", "Cy")))
    rig.inbox.receive(SESSION, Received("3EB01", CHAT, BO, NOW, POLL, chat_lid=BO_LID, secret=bytes(32)))
    assert option_hash("Bo") != option_hash("Cy")
    sealed = sealed_vote(["Cy"], SECRET, poll="3EB01", author=OWN_LID, voter=BO_LID)
    target = Target("3EB01", from_me=True)
    assert opened(rig, said(PollVote(target)), sealed) == PollVote(target, ("Cy",))


def sealed_by_bo(use: Use, plain: bytes, target: str = "3EB01", author: str = OWN_LID) -> Sealed:
    payload, iv = AddOn(use, target, author, BO_LID).seal(SECRET, plain)
    return Sealed(use, payload, iv)


@pytest.mark.parametrize(
    ("use", "plain", "came", "told"),
    [
        (Use.REACTION, wa.ReactionMessage(text="👍"), Reaction, {"emoji": "👍"}),
        (Use.REACTION, wa.ReactionMessage(), Reaction, {"removed": True}),
        (Use.COMMENT, wa.Message(conversation="Bagus"), Comment, {"body": "Bagus"}),
        (Use.EVENT_RESPONSE, wa.EventResponseMessage(response="GOING", extraGuestCount=2), EventResponse,
         {"response": "going", "guests": 2}),
        (Use.EVENT_RESPONSE, wa.EventResponseMessage(response="MAYBE", extraGuestCount=-1), EventResponse,
         {"response": "maybe"}),
        (Use.EVENT_RESPONSE, wa.EventResponseMessage(), EventResponse, {}),
    ],
)  # fmt: skip
def test_what_others_say_about_a_message_by_its_secret_is_read(
    *, rig: Rig, use: Use, plain: wa.Message, came: type[About], told: dict[str, object]
) -> None:
    ours(rig, PlannedEvent("Kopi"), chat=GROUP)
    target = Target("3EB01", from_me=True)
    sealed = sealed_by_bo(use, plain.SerializeToString())
    assert opened(rig, said(came(target), chat=GROUP), sealed) == came(target, **told)


@pytest.mark.parametrize(
    ("use", "came"), [(Use.REACTION, Reaction), (Use.COMMENT, Comment), (Use.EVENT_RESPONSE, EventResponse)]
)
def test_what_is_no_protobuf_within_its_seal_stays_as_it_came(rig: Rig, use: Use, came: type[About]) -> None:
    ours(rig, Text("Kopi?"), chat=GROUP)
    told = came(Target("3EB01", from_me=True))
    assert opened(rig, said(told, chat=GROUP), sealed_by_bo(use, b"\xff\xff")) == told
