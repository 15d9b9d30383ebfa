"""What is sent, on the library's own protobuf classes: written, encoded, decoded, and read as our own reader would."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import content as k
from chalicelib.domain.content import Content, Context, Quoted, Target
from chalicelib.wire.addons import option_hash
from chalicelib.worker.whatsapp.content import Said, content
from chalicelib.worker.whatsapp.errors import NotSendable, SendRefused
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.outgoing import PINNED_FOR, Outgoing, Where, message_of
from chalicelib.worker.whatsapp.sealed import opened
from tests.worker.protos import messages as wa

BO, GROUP, ME = "200000000000002@lid", "123-456@g.us", "200000000000001@lid"
NOW = 1_795_229_017_123
NUMBER = "628111000001@s.whatsapp.net"
DIRECT, IN_GROUP = Where(BO, ME, NOW, NUMBER), Where(GROUP, ME, NOW, NUMBER)
SECRET = bytes(range(32))
MINE, THEIRS = Target("3A01", from_me=True), Target("3A02", from_me=False)
FILE = WhatsAppFile(
    kind="image",
    direct_path="/v/1",
    url="https://mmg.example/v/1",
    media_key=b"k" * 32,
    enc_sha256=b"e" * 32,
    file_sha256=b"f" * 32,
    size=9,
    mimetype="image/jpeg",
    media_key_timestamp=1_795_229_017,
    thumbnail=b"jpeg",
    width=4,
    height=3,
    seconds=7,
    waveform=bytes(range(64)),
)
SHA = FILE.file_sha256.hex()
BESIDE: dict[str, Any] = {"mimetype": "image/jpeg", "size": 9, "sha256": SHA}


def sent(what: Content, context: Context | None = None, where: Where = DIRECT, **prepared: Any) -> Any:
    """The message as the library gets it."""
    outgoing = Outgoing(what, context, SECRET, **prepared)
    return wa.Message.FromString(message_of(outgoing, where, wa.Message).SerializeToString())


@pytest.mark.parametrize(
    "said",
    [
        k.Text("Kopi?"),
        k.Text("@628777 and *no* mention of 1@g.us"),
        k.Text("Lihat https://kopi.example", k.LinkPreview("https://kopi.example", "Kopi", "Hangat")),
        k.Text("Tutup", background="#1234ab", font=2),
        k.Album(2, 1),
        k.Location(-6.1753924, 106.8271528, "Monas", "Gambir", "https://kopi.example", 5),
        k.Location(0.0, 0.0, caption="Di sini"),
        k.Location(1.0, 2.0, accuracy=9, live=True, caption="Jalan"),
        k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"),), "Bo"),
        k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"), k.ContactCard("Cy", "BEGIN:VCARD")), "2 contacts"),
        k.Poll("Jam?", ("9", "10"), 1),
        k.GroupInvite("1@g.us", "Kopi", "c0de", 7, "Ikut?"),
        k.Timer(86_400),
        k.Timer(0),
        k.Edited(MINE, "text", body="Jam sepuluh"),
        k.Edited(MINE, "image", body="Ini"),
        k.Edited(MINE, "document", body="Ini"),
        k.Deleted(MINE),
        k.Reaction(THEIRS, "👍"),
        k.Reaction(MINE, removed=True),
        k.Pin(THEIRS, seconds=86_400),
        k.Pin(MINE, pinned=False),
    ],
    ids=lambda said: f"{said.type}",
)
def test_what_is_sent_is_read_as_it_was_meant(said: Content) -> None:
    found = content(sent(said), Said(from_me=True))
    assert found
    assert (found.content, found.secret, found.context) == (said, SECRET, None)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (k.Image(caption="Lihat", width=4, height=3, **BESIDE), "imageMessage"),
        (k.Video(caption="Lihat", width=4, height=3, seconds=7, **BESIDE), "videoMessage"),
        (k.Video(width=4, height=3, seconds=7, gif=True, **BESIDE), "videoMessage"),
        (k.Video(width=4, height=3, seconds=7, round=True, **BESIDE), "ptvMessage"),
        (k.Audio(seconds=7, **BESIDE), "audioMessage"),
        (k.Audio(seconds=7, voice=True, **BESIDE | {"mimetype": "audio/ogg; codecs=opus"}), "audioMessage"),
        (k.Document(file_name="a.pdf", title="A", pages=2, **BESIDE), "documentMessage"),
        (k.Sticker(width=4, height=3, animated=True, **BESIDE | {"mimetype": "image/webp"}), "stickerMessage"),
    ],
    ids=lambda said: said if isinstance(said, str) else "",
)
def test_media_is_sent_with_its_file(said: k.Media, field: str) -> None:
    message = sent(said, file=FILE)
    found = content(message)
    assert found
    assert found.content == said
    assert found.file
    assert (found.file.direct_path, found.file.media_key, found.file.enc_sha256) == ("/v/1", b"k" * 32, b"e" * 32)
    written = getattr(message, field)
    assert (written.URL, written.mediaKeyTimestamp) == (FILE.url, FILE.media_key_timestamp)
    if field in {"imageMessage", "videoMessage", "ptvMessage", "documentMessage"}:
        assert written.JPEGThumbnail == b"jpeg"
    if isinstance(said, k.Audio):
        assert written.waveform == (FILE.waveform if said.voice else b"")


def test_a_document_with_a_caption_is_wrapped_as_the_apps_do_and_one_without_a_name_has_one() -> None:
    message = sent(k.Document(file_name="a.pdf", caption="Ini"), file=FILE)
    assert message.documentWithCaptionMessage.message.documentMessage.caption == "Ini"
    assert not message.HasField("documentMessage")
    assert sent(k.Document(), file=FILE).documentMessage.fileName == "file"


def test_a_text_without_a_context_is_a_conversation_and_a_status_never_is() -> None:
    assert sent(k.Text("Kopi?")).conversation == "Kopi?"
    status = sent(k.Text("Kopi?"), where=Where("status@broadcast", ME, NOW))
    assert (status.conversation, status.extendedTextMessage.text) == ("", "Kopi?")


@pytest.mark.parametrize(
    ("said", "prepared"),
    [
        (k.Text("Ya @628"), {}),
        (k.Image(caption="Ya", **BESIDE, width=4, height=3), {"file": FILE}),
        (k.Location(1.0, 2.0, "Monas"), {}),
        (k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"),), "Bo"), {}),
        (k.Poll("Jam?", ("9", "10")), {}),
    ],
    ids=lambda said: said.type if isinstance(said, Content) else "",
)
def test_each_type_says_in_what_context_it_is_said(said: Content, prepared: Any) -> None:
    context = Context(
        quoted=Quoted(Target("3A02", participant=BO), "text", "Jam berapa?"),
        mentions=("628@s.whatsapp.net", BO),
        forwarded=2,
        expires_in=86_400,
        timer_set_at=1_795_000_000,
    )
    found = content(sent(said, context, **prepared))
    assert found
    assert (found.content, found.context) == (said, context)


@pytest.mark.parametrize(
    ("quoted", "where", "writer"),
    [
        (Target("3A01", from_me=True), DIRECT, ME),
        (Target("3A01", from_me=False), DIRECT, BO),
        (Target("3A01", from_me=False, participant="3@lid"), IN_GROUP, "3@lid"),
        (Target("3A01", from_me=True), IN_GROUP, ME),
        (Target("3A01"), IN_GROUP, ""),
    ],
)
def test_a_quotation_names_its_writer(quoted: Target, where: Where, writer: str) -> None:
    message = sent(k.Text("Ya"), Context(quoted=Quoted(quoted, "text", "Jam?")), where)
    assert message.extendedTextMessage.contextInfo.participant == writer


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text", "Jam?"),
        ("image", "Jam?"),
        ("video", None),
        ("document", "Jam?"),
        ("audio", None),
        ("sticker", None),
        ("location", "Monas"),
        ("contact", "Bo"),
        ("poll", "Jam?"),
        ("orderMessage", None),
        (None, "Jam?"),
    ],
)
def test_a_quotation_shows_what_was_said(kind: str | None, text: str | None) -> None:
    found = content(sent(k.Text("Ya"), Context(quoted=Quoted(THEIRS, kind, text))))
    assert found
    assert found.context
    assert found.context.quoted
    shown = found.context.quoted
    assert (shown.type, shown.text) == ("text" if kind in {None, "orderMessage"} else kind, text)


@pytest.mark.parametrize(
    ("target", "where", "key"),
    [
        (MINE, DIRECT, (BO, True, "3A01", "")),
        (THEIRS, DIRECT, (BO, False, "3A02", "")),
        (MINE, IN_GROUP, (GROUP, True, "3A01", "")),
        (Target("3A02", from_me=False, participant="3@lid"), IN_GROUP, (GROUP, False, "3A02", "3@lid")),
        (Target("3A02", participant="3@lid"), IN_GROUP, (GROUP, False, "3A02", "3@lid")),
    ],
)
def test_what_is_about_another_message_names_it_by_chat_writer_and_id(target: Target, where: Where, key: Any) -> None:
    named = sent(k.Reaction(target, "👍"), where=where).reactionMessage.key
    assert (named.remoteJID, named.fromMe, named.ID, named.participant) == key
    revoked = sent(k.Deleted(target), where=where).protocolMessage.key
    assert (revoked.fromMe, revoked.participant) == (key[1], key[3])


def test_a_child_of_an_album_names_it() -> None:
    message = sent(k.Image(caption="Satu"), Context(album="3AA1"), file=FILE)
    parent = message.messageContextInfo.messageAssociation.parentMessageKey
    assert (parent.ID, parent.fromMe, parent.remoteJID) == ("3AA1", True, BO)
    assert message.messageContextInfo.messageSecret == SECRET
    assert not message.imageMessage.HasField("contextInfo")


def test_a_pin_without_an_end_lasts_a_week() -> None:
    assert sent(k.Pin(THEIRS)).messageContextInfo.messageAddOnDurationInSecs == PINNED_FOR == 604_800


@pytest.mark.parametrize(
    ("target", "where", "author", "voter"),
    [
        (MINE, DIRECT, ME, ME),
        (THEIRS, DIRECT, BO, ME),
        (Target("3A02", False, "628@s.whatsapp.net"), DIRECT, "628@s.whatsapp.net", NUMBER),
        (Target("3A02", False, "3@lid"), IN_GROUP, "3@lid", ME),
    ],
)
def test_a_vote_is_sealed_under_names_of_one_kind(target: Target, where: Where, author: str, voter: str) -> None:
    message = sent(k.PollVote(target, ("9",)), where=where, target_secret=SECRET)
    found = content(message, Said(from_me=True))
    assert found
    assert found.sealed
    plain = opened(found.sealed, SECRET, target=target.id, authors=[author], speakers=[voter])
    assert plain == b"\x0a\x20" + option_hash("9")


WRITABLE = {
    "text", "image", "video", "audio", "sticker", "document", "album", "location", "contact", "poll", "poll_vote",
    "group_invite", "timer", "edited", "deleted", "reaction", "pin",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(k.TYPES) - WRITABLE))
def test_what_cannot_be_sent_is_refused_by_its_type(kind: str) -> None:
    with pytest.raises(NotSendable, match="type_not_sendable") as refused:
        sent(k.TYPES[kind]())
    assert isinstance(refused.value, SendRefused)
    assert kind in refused.value.sentence


@pytest.mark.parametrize(
    ("said", "context", "chat"),
    [
        (k.Image(), None, BO),
        (k.PollVote(THEIRS, ("9",)), None, BO),
        (k.Reaction(None, "👍"), None, BO),
        (k.Text("once"), Context(view_once=True), BO),
        (k.Location(1.0, 2.0), None, "123@newsletter"),
    ],
    ids=["media without a file", "a vote that isn't sealed", "about nothing", "view once", "a channel"],
)
def test_what_lacks_what_it_needs_is_refused(said: Content, context: Context | None, chat: str) -> None:
    with pytest.raises(NotSendable):
        message_of(Outgoing(said, context, SECRET), Where(chat, ME, NOW), wa.Message)


@pytest.mark.parametrize(
    ("said", "context"),
    [
        (k.Text("Tutup", font=3), None),
        (k.Text("Kopi?"), Context(forwarded=2**32)),
        (k.Video(seconds=2**32), None),
        (k.Location("north", 0.0), None),  # type: ignore[arg-type]
        (k.Text("\ud83d"), None),
    ],
    ids=["a font that there isn't", "too often", "too long", "no number", "half a character"],
)
def test_what_protobuf_has_no_room_for_is_refused_before_anything_is_sent(
    said: Content, context: Context | None
) -> None:
    unsaid = replace(FILE, seconds=None)
    with pytest.raises(NotSendable) as refused:
        message_of(Outgoing(said, context, SECRET, unsaid), DIRECT, wa.Message)
    assert refused.value.__suppress_context__
