"""Sending in context, and what is about a message that is there."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import content as k
from chalicelib.domain import errors as e
from chalicelib.domain.jid import Identity
from chalicelib.domain.media import LARGEST_OF, MediaFile, MediaKind, MediaState
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.sending import EDITABLE_FOR
from chalicelib.domain.session import Status
from chalicelib.services.messages.outbox import EXPIRY, MEDIA_EXPIRY
from chalicelib.services.messages.sending import How, Wish
from tests.composition import Rig
from tests.makers import DEVICE, NOW, a_message, a_running_session

PHONE, LID, GROUP = "628777000001@s.whatsapp.net", "200000000000002@lid", "1-2@g.us"
SESSION = a_running_session(device=DEVICE)
THEIRS = a_running_session(id="bo", uid="01JAVB0000000000000000000B", device=DEVICE)


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    for session in (SESSION, THEIRS):
        rig.stores.sessions.rows[session.uid] = session
    return rig


def put(rig: Rig, **fields: Any) -> Message:
    about = {"id": "01JN", "chat": PHONE, "status": MessageStatus.SENT, "whatsapp_id": "3EB0", "sent_at": NOW}
    message = a_message(**{**about, **fields})
    rig.stores.messages.put(message)
    return message


def received(rig: Rig, **fields: Any) -> Message:
    about = {"direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "whatsapp_id": "3A01", "chat_lid": LID}
    return put(rig, **{**about, "sender": Party("628777000001", "200000000000002"), "sent_at": None, **fields})


def send(rig: Rig, content: k.Content | None = None, to: str = PHONE, *, how: How = How(), **fields: Any) -> Message:  # noqa: B008 - a value
    return rig.sending.send("default", "ana", Wish(to, content or k.Text("Kopi?"), **fields), how)


def test_a_message_is_accepted_at_once_with_all_that_was_said_of_it(rig: Rig) -> None:
    quoted = received(rig, content=k.Image(caption="Plan"))
    reply = send(
        rig,
        k.Text("Yes @628777000001"),
        reply_to="01JN",
        mentions=("+62 877-7000-001",),
        how=How(client_ref="order-17"),
    )
    assert rig.stores.messages.get(SESSION.uid, reply.id) == reply
    assert (reply.status, reply.client_ref, reply.reply_to) == (MessageStatus.QUEUED, "order-17", quoted.id)
    assert reply.context == k.Context(
        quoted=k.Quoted(k.Target("3A01", from_me=False, participant=LID), "image", "Plan"), mentions=(PHONE,)
    )
    assert reply.last_event
    assert reply.last_event.data["client_ref"] == "order-17"
    assert rig.clock.now == NOW
    assert rig.mailboxes.rung == [SESSION.mailbox]


def test_a_file_has_time_to_be_fetched_and_uploaded(rig: Rig) -> None:
    text, picture = send(rig), send(rig, k.Image(link="https://a.example/b.png"))
    assert (text.expires_at, picture.expires_at) == (NOW + EXPIRY, NOW + MEDIA_EXPIRY)


def test_who_waits_is_told_what_became_of_it(rig: Rig) -> None:
    def work() -> None:
        for owed in rig.dispatch.owed(SESSION.uid):
            sending = rig.dispatch.begin(owed, epoch=1)
            assert sending
            rig.dispatch.failed(sending, "refused", "WhatsApp refused it.")

    rig.while_waiting = work
    with pytest.raises(e.SendFailed):
        send(rig, how=How(wait=5.0))
    assert send(rig).status is MessageStatus.QUEUED


def test_a_message_of_another_session_or_another_chat_is_not_quoted(rig: Rig) -> None:
    put(rig, id="01JO", uid=THEIRS.uid, session="bo")
    put(rig, id="01JP", chat=GROUP)
    for message_id in ("01JO", "01JP", "3A99"):
        with pytest.raises(e.QuotedMessageNotFound) as refused:
            send(rig, reply_to=message_id)
        assert (refused.value.status, refused.value.field) == (422, "reply_to")
    assert len(rig.stores.messages.rows) == 2
    assert send(rig, to=GROUP, reply_to="01JP").reply_to == "01JP"


def test_a_chat_s_message_is_quoted_by_either_name_of_its_person(rig: Rig) -> None:
    received(rig, chat=LID)
    rig.identities.note(SESSION.uid, Identity("628777000001", "200000000000002"))
    for to in (PHONE, LID):
        assert send(rig, to=to, reply_to="01JN").reply_to == "01JN"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"mentions": ("628999000001",)}, e.MentionNotInText),
        ({"mentions": ("nobody",)}, e.InvalidField),
        ({"content": k.Poll("When?", ("Mon",))}, e.InvalidField),
        ({"content": k.Image(media_id="md_1"), "to": "1@newsletter"}, e.NotPossible),
    ],
)
def test_what_breaks_a_rule_is_neither_kept_nor_paced(rig: Rig, fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        send(rig, **fields)
    assert (rig.stores.messages.rows, rig.stores.paces.full_at, rig.mailboxes.rung) == ({}, {}, [])


def a_file(**fields: Any) -> MediaFile:
    values = {
        "uid": SESSION.uid,
        "id": "md_1",
        "tenant": "default",
        "session": "ana",
        "direction": Direction.OUTBOUND,
        "state": MediaState.STORED,
        "created_at": NOW,
        "expires_at": NOW + 1_000,
        "mimetype": "image/png",
        "size": 9,
        "sha256": "ab",
        "file_name": "plan.png",
    }
    return MediaFile(**{**values, **fields})


def test_a_file_is_sent_with_what_is_known_of_it(rig: Rig) -> None:
    rig.stores.media.put(a_file())
    assert send(rig, k.Image(media_id="md_1", caption="Plan")).content == k.Image(
        media_id="md_1", caption="Plan", mimetype="image/png", size=9, sha256="ab"
    )
    assert send(rig, k.Document(media_id="md_1")).content == k.Document(
        media_id="md_1", file_name="plan.png", mimetype="image/png", size=9, sha256="ab"
    )
    link = k.Image(link="https://a.example/b.png")
    assert send(rig, link).content == link


@pytest.mark.parametrize("moves", [True, False])
def test_a_sticker_says_whether_it_moves(rig: Rig, *, moves: bool) -> None:
    rig.stores.media.put(a_file(mimetype="image/webp", animated=moves))
    sticker = send(rig, k.Sticker(media_id="md_1")).content
    assert isinstance(sticker, k.Sticker)
    assert sticker.animated is moves


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        (a_file(uid=THEIRS.uid), k.Image(media_id="md_1"), e.MediaNotFound),
        (a_file(state=MediaState.PENDING), k.Image(media_id="md_1"), e.MediaNotReady),
        (a_file(state=MediaState.PENDING, expires_at=NOW), k.Image(media_id="md_1"), e.MediaExpired),
        (a_file(state=MediaState.FAILED), k.Image(media_id="md_1"), e.MediaExpired),
        (a_file(expires_at=NOW), k.Image(media_id="md_1"), e.MediaExpired),
        (a_file(), k.Audio(media_id="md_1", voice=True), e.MediaTypeMismatch),
        (a_file(size=LARGEST_OF[MediaKind.IMAGE] + 1), k.Image(media_id="md_1"), e.MediaTooLarge),
    ],
)
def test_a_file_that_can_t_be_sent_is_refused_by_name(
    rig: Rig, file: MediaFile, content: k.Media, error: type[e.GatewayError]
) -> None:
    rig.stores.media.put(file)
    with pytest.raises(error) as refused:
        send(rig, content)
    assert refused.value.field == f"{content.type}.media_id"
    assert rig.stores.messages.rows == {}


def test_a_message_is_forwarded_to_another_chat(rig: Rig) -> None:
    received(rig, content=k.Text("Kopi @1"), context=k.Context(mentions=("1@lid",), forwarded=1))
    passed_on = rig.sending.forward("default", "ana", "01JN", GROUP, How(client_ref="c"))
    assert (passed_on.to, passed_on.content, passed_on.client_ref) == (GROUP, k.Text("Kopi @1"), "c")
    assert passed_on.context == k.Context(forwarded=2)
    with pytest.raises(e.MessageNotFound) as refused:
        rig.sending.forward("default", "ana", "01JX", GROUP)
    assert refused.value.field == "forward.message_id"


def test_what_is_about_a_message_goes_to_its_chat_and_names_it(rig: Rig) -> None:
    poll = put(rig, content=k.Poll("When?", ("Mon", "Tue"), 1), chat_lid=LID, secret=b"s" * 32)
    said = received(rig, id="01JQ", chat=GROUP, chat_lid=None)
    reaction = rig.sending.react("default", "ana", said.id, "👍")
    assert (reaction.to, reaction.about) == (GROUP, said.id)
    assert reaction.content == k.Reaction(k.Target("3A01", from_me=False, participant=LID), "👍")
    vote = rig.sending.vote("default", "ana", poll.id, ["Tue"])
    assert (vote.to, vote.content) == (LID, k.PollVote(k.Target("3EB0", from_me=True), ("Tue",)))
    text = put(rig, id="01JR")
    edit = rig.sending.edit("default", "ana", text.id, "Jam sepuluh")
    assert (edit.to, edit.content.text, edit.about) == (PHONE, "Jam sepuluh", text.id)
    gone = rig.sending.delete("default", "ana", text.id)
    assert gone.content == k.Deleted(k.Target("3EB0", from_me=True))


def told(rig: Rig, message: Message) -> None:
    """Have the stream's consumer hear of it."""
    from tests.services.messages.test_chats import told as envelope

    rig.chats.index(envelope(message))


def goes_out(rig: Rig, message: Message) -> Message:
    """Have the worker send it, and the stream's consumer hear of each step."""
    sending = rig.dispatch.begin(message, epoch=1)
    assert sending
    sent = rig.dispatch.sent(sending, "3EBX")
    assert sent
    for one in (message, sending, sent):
        told(rig, one)
    return sent


def test_an_edited_message_says_what_its_newest_edit_says_once_that_went_out(rig: Rig) -> None:
    put(rig, content=k.Image(media_id="md_1", caption="A"))
    first, second = (rig.sending.edit("default", "ana", "01JN", words) for words in ("B", "C"))
    told(rig, first)
    assert rig.messages.get("default", "ana", "01JN").edited_by is None
    goes_out(rig, second)
    goes_out(rig, first)
    message = rig.messages.get("default", "ana", "01JN")
    assert (message.content, message.edited_by, message.edited_at) == (
        k.Image(media_id="md_1", caption="C"),
        second.id,
        NOW,
    )


def test_a_deleted_message_says_so_from_when_it_is_asked_for(rig: Rig) -> None:
    put(rig)
    gone = rig.sending.delete("default", "ana", "01JN")
    told(rig, gone)
    assert rig.messages.get("default", "ana", "01JN").deleted_by == gone.id
    with pytest.raises(e.MessageDeleted):
        rig.sending.delete("default", "ana", "01JN")
    goes_out(rig, gone)
    message = rig.messages.get("default", "ana", "01JN")
    assert (message.deleted_by, message.deleted_at) == (gone.id, NOW)


def test_a_deletion_that_failed_leaves_the_message_as_it_was(rig: Rig) -> None:
    put(rig)
    gone = rig.sending.delete("default", "ana", "01JN")
    told(rig, gone)
    sending = rig.dispatch.begin(gone, epoch=1)
    assert sending
    failed = rig.dispatch.failed(sending, "refused", "WhatsApp refused it.")
    assert failed
    told(rig, failed)
    assert rig.messages.get("default", "ana", "01JN").deleted_by is None


def test_the_same_request_again_is_answered_as_before_whatever_the_time_is(rig: Rig) -> None:
    put(rig)
    how = How(key="k1")
    edit = rig.sending.edit("default", "ana", "01JN", "B", how)
    rig.clock.now += EDITABLE_FOR + 1
    assert rig.sending.edit("default", "ana", "01JN", "B", how).id == edit.id
    with pytest.raises(e.IdempotencyKeyReused):
        rig.sending.edit("default", "ana", "01JN", "C", how)
    with pytest.raises(e.EditTooLate):
        rig.sending.edit("default", "ana", "01JN", "C")


def test_another_word_in_a_request_is_another_request(rig: Rig) -> None:
    received(rig)
    how = How(key="k1")
    first = send(rig, reply_to="01JN", how=how)
    assert send(rig, reply_to="01JN", how=how).id == first.id
    others: list[dict[str, Any]] = [{}, {"reply_to": "01JN", "to": LID}]
    for fields in others:
        with pytest.raises(e.IdempotencyKeyReused):
            send(rig, how=how, **fields)
    with pytest.raises(e.IdempotencyKeyReused):
        send(rig, reply_to="01JN", how=replace(how, client_ref="c"))


def test_a_session_that_isn_t_connected_sends_nothing(rig: Rig) -> None:
    rig.stores.sessions.rows[SESSION.uid] = replace(SESSION, status=Status.DISCONNECTED)
    put(rig)
    with pytest.raises(e.SessionNotConnected):
        send(rig)
    with pytest.raises(e.SessionNotConnected):
        rig.sending.delete("default", "ana", "01JN")
