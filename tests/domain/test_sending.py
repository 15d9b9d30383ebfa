"""What may be sent, and what may still be done to a message."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import content as k
from chalicelib.domain import errors as e
from chalicelib.domain import sending as rules
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.questions import IncomingCall, MarkRead
from tests.makers import NOW, a_message

GROUP, PHONE, LID = "120363020310020819@g.us", "628777000001@s.whatsapp.net", "200000000000002@lid"
BO = Party("628777000001", "200000000000002", "Bo")


def sent(**fields: Any) -> Message:
    return a_message(**({"status": MessageStatus.SENT, "whatsapp_id": "3EB0", "sent_at": NOW} | fields))


def received(**fields: Any) -> Message:
    about = {"direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "whatsapp_id": "3A01", "sender": BO}
    return a_message(**{**about, "chat": PHONE, "chat_lid": LID, **fields})


def test_a_message_is_named_with_its_writer_where_that_was_somebody_else() -> None:
    assert rules.target_of(sent()) == k.Target("3EB0", from_me=True)
    assert rules.target_of(received()) == k.Target("3A01", from_me=False, participant=LID)
    by_number = received(sender=Party("628777000001"), chat=GROUP, chat_lid=None)
    assert rules.target_of(by_number) == k.Target("3A01", from_me=False, participant=PHONE)
    assert [rules.chat_of(one) for one in (received(), by_number, sent(chat=PHONE))] == [LID, GROUP, PHONE]


def test_a_reply_shows_the_beginning_of_what_it_quotes() -> None:
    said = rules.quoted(received(content=k.Image(caption="x" * 2_000)))
    assert (said.type, said.target.id, len(said.text or "")) == ("image", "3A01", k.LONGEST_NAME)
    assert rules.quoted(received(content=k.Audio())).text is None


@pytest.mark.parametrize(
    "act",
    [
        rules.quoted,
        lambda message: rules.edited(message, "Hi", now=NOW),
        lambda message: rules.deleted(message, now=NOW),
        lambda message: rules.reaction(message, "👍", field="emoji"),
    ],
)
def test_nothing_is_said_about_what_whatsapp_doesn_t_have(act: Any) -> None:
    with pytest.raises(e.MessageNotSent):
        act(a_message(text="Hi"))
    with pytest.raises(e.MessageDeleted):
        act(sent(text="Hi", deleted_by="01JX"))


def test_only_own_words_are_edited_and_only_for_a_while() -> None:
    last = NOW + rules.EDITABLE_FOR
    assert rules.edited(sent(), "Ten?", now=last) == k.Edited(
        k.Target("3EB0", from_me=True), type_of_target="text", body="Ten?"
    )
    assert rules.edited(sent(content=k.Image(caption="A")), "B", now=last).type_of_target == "image"
    with pytest.raises(e.EditTooLate):
        rules.edited(sent(), "Ten?", now=last + 1)
    with pytest.raises(e.NotYourMessage):
        rules.edited(received(), "Ten?", now=NOW)
    with pytest.raises(e.NotEditable):
        rules.edited(sent(content=k.Poll("Mon?")), "Ten?", now=NOW)
    # WhatsApp may have it though nobody could tell at first.
    assert rules.edited(sent(status=MessageStatus.UNKNOWN, sent_at=None), "Ten?", now=NOW).target


def test_own_messages_are_deleted_and_in_groups_others_as_an_administrator() -> None:
    last = NOW + rules.DELETABLE_FOR
    assert rules.deleted(sent(), now=last) == k.Deleted(k.Target("3EB0", from_me=True))
    in_group = rules.deleted(received(chat=GROUP, chat_lid=None), now=last)
    assert in_group == k.Deleted(k.Target("3A01", from_me=False, participant=LID), by_admin=True)
    with pytest.raises(e.DeleteTooLate):
        rules.deleted(sent(), now=last + 1)
    with pytest.raises(e.NotYourMessage):
        rules.deleted(received(), now=NOW)


@pytest.mark.parametrize(
    "emoji", ["👍", "❤️", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}", "🇮🇩"]
)
def test_a_reaction_is_an_emoji(emoji: str) -> None:
    assert rules.reaction(received(), emoji, field="emoji").emoji == emoji


@pytest.mark.parametrize("words", ["ok", "да", "👍 ", "👍" * 17, "a👍", "\u200d", "\u202e", "\ufe0f"])
def test_words_are_no_reaction(words: str) -> None:
    with pytest.raises(e.InvalidField) as refused:
        rules.reaction(received(), words, field="reaction.emoji")
    assert refused.value.field == "reaction.emoji"


def test_an_empty_reaction_takes_it_back() -> None:
    assert rules.reaction(received(), "", field="emoji") == k.Reaction(rules.target_of(received()), None, removed=True)


def test_what_is_passed_on_counts_once_more() -> None:
    content = k.Image(media_id="md_1", caption="Plan")
    assert rules.forwarded(received(content=content)) == (content, k.Context(forwarded=1))
    often = received(context=k.Context(quoted=k.Quoted(k.Target("3A")), mentions=(PHONE,), forwarded=4))
    assert rules.forwarded(often)[1] == k.Context(forwarded=5)
    assert rules.forwarded(received(context=k.Context(forwarded=2**32 - 1)))[1] == k.Context(forwarded=127)
    for one in (k.Poll("Mon?"), k.Undecryptable(), k.Reaction(k.Target("3A"), "👍")):
        with pytest.raises(e.NotForwardable):
            rules.forwarded(received(content=one))


def test_a_file_that_was_never_kept_is_not_passed_on() -> None:
    with pytest.raises(e.MediaNotFound) as refused:
        rules.forwarded(received(content=k.Image(caption="Plan")))
    assert refused.value.field == "message_id"


def test_a_vote_is_for_options_of_the_poll() -> None:
    poll = received(content=k.Poll("When?", ("Mon", "Tue", "Wed"), 2), secret=b"s" * 32)
    assert rules.vote(poll, ["Tue", "Mon"]).options == ("Tue", "Mon")
    assert rules.vote(poll, []).options == ()
    for options in (["Sun"], ["Mon", "Mon"], ["Mon", "Tue", "Wed"]):
        with pytest.raises(e.InvalidField) as refused:
            rules.vote(poll, options)
        assert refused.value.field == "poll_vote.options"
    assert (
        len(rules.vote(replace(poll, content=k.Poll("?", ("Mon", "Tue", "Wed"))), ["Mon", "Tue", "Wed"]).options or ())
        == 3
    )
    with pytest.raises(e.PollNotFound):
        rules.vote(received(), ["Mon"])


def test_nobody_votes_in_a_poll_whose_secret_is_not_known() -> None:
    with pytest.raises(e.PollSecretMissing) as refused:
        rules.vote(received(content=k.Poll("When?", ("Mon", "Tue"))), ["Mon"])
    assert refused.value.field == "poll_vote.message_id"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (k.Poll("When?", ("Mon",)), "poll.options"),
        (k.Poll("When?", tuple(map(str, range(13)))), "poll.options"),
        (k.Poll("When?", ("Mon", "Mon ")), "poll.options"),
        (k.Poll("When?", ("Mon", " ")), "poll.options"),
        (k.Poll("When?", ("Mon", "Tue"), 3), "poll.selectable"),
        (k.Timer(5), "timer.seconds"),
        (k.Image(), "image.media_id"),
        (k.Image(media_id="md_1", link="https://a.example"), "image.media_id"),
        (k.Text("Look", preview=k.LinkPreview("https://a.example")), "text.preview.url"),
    ],
)
def test_what_no_app_could_show_is_refused_by_name(content: k.Content, field: str) -> None:
    with pytest.raises(e.InvalidField) as refused:
        rules.check(content, PHONE)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "content",
    [
        k.Poll("When?", ("Mon", "Tue")),
        k.Poll("When?", tuple(map(str, range(12))), 12),
        k.Timer(0),
        k.Timer(604_800),
        k.Image(media_id="md_1"),
        k.Document(link="https://a.example/a.pdf"),
        k.Text("See https://a.example", preview=k.LinkPreview("https://a.example")),
        k.Location(1.0, 2.0),
    ],
)
def test_the_rest_may_be_sent(content: k.Content) -> None:
    rules.check(content, PHONE)


def test_channels_take_texts_and_statuses_what_they_can_show() -> None:
    rules.check(k.Text("Hi"), "1@newsletter")
    rules.check(k.Text("Hi"), "status@broadcast")
    with pytest.raises(e.NotPossible) as refused:
        rules.check(k.Image(media_id="md_1"), "1@newsletter")
    assert (refused.value.status, refused.value.code) == (501, "NOT_POSSIBLE")
    with pytest.raises(e.InvalidField):
        rules.check(k.Poll("When?", ("Mon", "Tue")), "status@broadcast")


def test_who_is_mentioned_stands_in_the_words() -> None:
    rules.check_mentions(k.Text("Hi @628777000001 and @200000000000002"), (PHONE, LID), field="mentions")
    rules.check_mentions(k.Image(caption="@628777000001"), (PHONE,), field="mentions")
    longer = k.Text("Hi @6287770000012")
    for content, who in ((k.Text("Hi Bo"), PHONE), (k.Audio(), PHONE), (k.Text("@628777000001"), LID), (longer, PHONE)):
        with pytest.raises(e.MentionNotInText):
            rules.check_mentions(content, (who,), field="mentions")
    with pytest.raises(e.InvalidField):
        rules.check_mentions(k.Text("@628777000001"), (PHONE,) * 201, field="mentions")


def test_messages_are_marked_as_read_writer_by_writer() -> None:
    other = Party(None, "3")
    in_group = [received(chat=GROUP, chat_lid=None, whatsapp_id=f"3A{n}", sender=(BO, other)[n % 2]) for n in range(3)]
    assert rules.reads(in_group, played=False) == [
        MarkRead(GROUP, LID, ("3A0", "3A2")),
        MarkRead(GROUP, "3@lid", ("3A1",)),
    ]
    assert rules.reads([received(sender=None)], played=True) == [MarkRead(LID, LID, ("3A01",), played=True)]
    for one in (sent(), received(whatsapp_id=None)):
        with pytest.raises(e.NotReceived):
            rules.reads([one], played=False)


def test_only_a_call_that_came_in_is_rejected() -> None:
    assert rules.call_of(received(content=k.PhoneCall("C1"))) == IncomingCall("C1", LID)
    for one in (received(), sent(content=k.PhoneCall("C1")), received(content=k.PhoneCall())):
        with pytest.raises(e.NotACall):
            rules.call_of(one)
