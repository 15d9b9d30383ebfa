"""What is in a message, on the library's own protobuf classes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import content as k
from chalicelib.domain.content import Content, Context, Quoted, Target, stored
from chalicelib.wire.addons import Use
from chalicelib.worker.whatsapp.content import DEPTH, WRAPPERS, Found, Said, content
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.sealed import Sealed
from tests.worker.protos import messages as wa

KEY = wa.ProtocolMessage.DESCRIPTOR.fields_by_name["key"].message_type._concrete_class
PROTOCOL = wa.ProtocolMessage
THEIRS, OURS = KEY(ID="3A01", fromMe=True), KEY(ID="3A01", fromMe=False)
"""A message of who writes of it, and of the other side of a direct chat: so they are meant by their writer."""


def a_message(**fields: Any) -> Any:
    return wa.Message(**fields)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (a_message(conversation="Kopi?"), ("text", "Kopi?")),
        (a_message(extendedTextMessage=wa.ExtendedTextMessage(text="Kopi?")), ("text", "Kopi?")),
        (a_message(imageMessage=wa.ImageMessage(caption="Lihat")), ("image", "Lihat")),
        (a_message(imageMessage=wa.ImageMessage(mimetype="image/png")), ("image", None)),
        (a_message(videoMessage=wa.VideoMessage(caption="Lihat")), ("video", "Lihat")),
        (a_message(ptvMessage=wa.VideoMessage(seconds=3)), ("video", None)),
        (a_message(audioMessage=wa.AudioMessage(PTT=True)), ("audio", None)),
        (a_message(documentMessage=wa.DocumentMessage(caption="Ini")), ("document", "Ini")),
        (a_message(stickerMessage=wa.StickerMessage(height=1)), ("sticker", None)),
        (a_message(locationMessage=wa.LocationMessage(name="Monas")), ("location", "Monas")),
        (a_message(contactMessage=wa.ContactMessage(displayName="Bo")), ("contact", "Bo")),
        (a_message(reactionMessage=wa.ReactionMessage(text="👍")), ("reaction", "👍")),
        (a_message(pollUpdateMessage=wa.PollUpdateMessage()), ("poll_vote", None)),
        (a_message(orderMessage=wa.OrderMessage(message="x")), ("orderMessage", None)),
        (a_message(placeholderMessage=wa.PlaceholderMessage(type=0)), ("placeholderMessage", None)),
        (a_message(protocolMessage=PROTOCOL(type=PROTOCOL.SHARE_PHONE_NUMBER)), ("share_phone_number", None)),
        (a_message(protocolMessage=PROTOCOL()), ("protocolMessage", None)),
        (a_message(protocolMessage=PROTOCOL(type=PROTOCOL.REVOKE)), ("revoke", None)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_kind_and_text(message: Any, found: tuple[str, str | None]) -> None:
    told = content(message)
    assert told
    assert (told.content.type, told.content.text) == found


def an_edit(**fields: Any) -> Any:
    new = a_message(**fields)
    return a_message(protocolMessage=PROTOCOL(type=PROTOCOL.MESSAGE_EDIT, key=THEIRS, editedMessage=new))


MINE, SELF = Target("3A01", from_me=True), Target("3A01", from_me=False)
PLACE = {"degreesLatitude": -6.1753924, "degreesLongitude": 106.8271528, "name": "Monas", "address": "Gambir"}


@pytest.mark.parametrize(
    ("message", "kind", "text", "told"),
    [
        (an_edit(conversation="Jam sepuluh"), "edited", "Jam sepuluh", k.Edited(SELF, "text", body="Jam sepuluh")),
        (
            a_message(editedMessage=wa.FutureProofMessage(message=an_edit(conversation="Jam sepuluh"))),
            "edited",
            "Jam sepuluh",
            k.Edited(SELF, "text", body="Jam sepuluh"),
        ),
        (
            an_edit(imageMessage=wa.ImageMessage(caption="Ini")),
            "edited",
            "Ini",
            k.Edited(SELF, "image", body="Ini"),
        ),
        (
            a_message(
                secretEncryptedMessage=wa.SecretEncryptedMessage(
                    targetMessageKey=THEIRS, secretEncType=wa.SecretEncryptedMessage.MESSAGE_EDIT
                )
            ),
            "edited",
            None,
            k.Edited(SELF, encrypted=True),
        ),
        (
            a_message(protocolMessage=PROTOCOL(type=PROTOCOL.REVOKE, key=THEIRS)),
            "deleted",
            None,
            k.Deleted(SELF),
        ),
        (
            a_message(reactionMessage=wa.ReactionMessage(key=OURS, text="👍")),
            "reaction",
            "👍",
            k.Reaction(MINE, "👍"),
        ),
        (
            a_message(reactionMessage=wa.ReactionMessage(key=OURS, text="")),
            "reaction",
            None,
            k.Reaction(MINE, removed=True),
        ),
        (
            a_message(encReactionMessage=wa.EncReactionMessage(targetMessageKey=OURS)),
            "reaction",
            None,
            k.Reaction(MINE),
        ),
        (
            a_message(pinInChatMessage=wa.PinInChatMessage(key=OURS, type=wa.PinInChatMessage.UNPIN_FOR_ALL)),
            "pin",
            None,
            k.Pin(MINE, pinned=False),
        ),
        (
            a_message(keepInChatMessage=wa.KeepInChatMessage(key=OURS, keepType=1)),
            "keep",
            None,
            k.Keep(MINE, pinned=True),
        ),
        (
            a_message(pollUpdateMessage=wa.PollUpdateMessage(pollCreationMessageKey=OURS)),
            "poll_vote",
            None,
            k.PollVote(MINE),
        ),
        (
            a_message(
                commentMessage=wa.CommentMessage(message=a_message(conversation="Setuju"), targetMessageKey=OURS)
            ),
            "comment",
            "Setuju",
            k.Comment(MINE, "Setuju"),
        ),
        (
            a_message(locationMessage=wa.LocationMessage(**PLACE, URL="https://example.com")),
            "location",
            "Monas",
            k.Location(-6.1753924, 106.8271528, "Monas", "Gambir", "https://example.com"),
        ),
        (
            a_message(
                liveLocationMessage=wa.LiveLocationMessage(degreesLatitude=1, degreesLongitude=2, accuracyInMeters=9)
            ),
            "location",
            None,
            k.Location(1.0, 2.0, accuracy=9, live=True),
        ),
        (
            a_message(locationMessage=wa.LocationMessage(degreesLatitude=float("nan"), degreesLongitude=2)),
            "location",
            None,
            k.Location(),
        ),
        (
            a_message(
                documentWithCaptionMessage=wa.FutureProofMessage(
                    message=a_message(
                        documentMessage=wa.DocumentMessage(
                            fileName="a.pdf", title="A", mimetype="application/pdf", fileLength=9, caption="Ini"
                        )
                    )
                )
            ),
            "document",
            "Ini",
            k.Document(file_name="a.pdf", title="A", mimetype="application/pdf", size=9, caption="Ini"),
        ),
        (
            a_message(audioMessage=wa.AudioMessage(PTT=True, seconds=3, mimetype="audio/ogg")),
            "audio",
            None,
            k.Audio(mimetype="audio/ogg", seconds=3, voice=True),
        ),
        (
            a_message(ptvMessage=wa.VideoMessage(width=4, height=3)),
            "video",
            None,
            k.Video(width=4, height=3, round=True),
        ),
        (
            a_message(
                contactsArrayMessage=wa.ContactsArrayMessage(
                    displayName="2 contacts", contacts=[wa.ContactMessage(displayName="Bo", vcard="BEGIN:VCARD")]
                )
            ),
            "contact",
            "2 contacts",
            k.ContactCards((k.ContactCard("Bo", "BEGIN:VCARD"),), "2 contacts"),
        ),
        (
            a_message(
                pollCreationMessageV3=wa.PollCreationMessage(
                    name="Jam?", options=[{"optionName": "9"}, {"optionName": "10"}], selectableOptionsCount=1
                )
            ),
            "poll",
            "Jam?",
            k.Poll("Jam?", ("9", "10"), 1),
        ),
        (
            a_message(
                buttonsResponseMessage=wa.ButtonsResponseMessage(selectedButtonID="b1", selectedDisplayText="Ya")
            ),
            "choice",
            "Ya",
            k.Choice("b1", "Ya"),
        ),
        (
            a_message(groupInviteMessage=wa.GroupInviteMessage(groupJID="1@g.us", inviteCode="c", groupName="Kopi")),
            "group_invite",
            None,
            k.GroupInvite("1@g.us", "Kopi", "c"),
        ),
        (
            a_message(
                eventMessage=wa.EventMessage(name="Kopi", startTime=7, location=wa.LocationMessage(name="Gambir"))
            ),
            "event",
            "Kopi",
            k.PlannedEvent("Kopi", starts_at=7, location=k.Location(name="Gambir")),
        ),
        (
            a_message(protocolMessage=PROTOCOL(type=PROTOCOL.EPHEMERAL_SETTING, ephemeralExpiration=86_400)),
            "timer",
            None,
            k.Timer(86_400),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_that_a_kind_says_is_dropped(message: Any, kind: str, text: str | None, told: Content) -> None:
    assert content(message) == Found(told)
    assert (told.type, told.text) == (kind, text)


def test_a_kind_that_the_library_does_not_know_is_told_by_the_number_of_its_field() -> None:
    message = a_message()
    message.ParseFromString(b"\xda\x3e\x02\x08\x01")
    assert content(message) == Found(k.Unknown((1003,)))


def test_a_reply_names_what_it_replies_to() -> None:
    info = wa.ContextInfo(
        stanzaID="3A02",
        participant="200000000000002:3@lid",
        quotedMessage=a_message(conversation="Jam berapa?"),
        mentionedJID=["628@s.whatsapp.net", "no jid at all"],
        forwardingScore=2,
        isForwarded=True,
        expiration=86_400,
    )
    found = content(a_message(extendedTextMessage=wa.ExtendedTextMessage(text="Sembilan", contextInfo=info)))
    assert found == Found(
        k.Text("Sembilan"),
        Context(
            quoted=Quoted(Target("3A02", participant="200000000000002@lid"), "text", "Jam berapa?"),
            mentions=("628@s.whatsapp.net",),
            forwarded=2,
            expires_in=86_400,
        ),
    )


def test_a_document_has_a_name_and_no_path() -> None:
    found = content(a_message(documentMessage=wa.DocumentMessage(fileName="../.ssh/\u202eyek")))
    assert found
    assert found.content == k.Document(file_name="yek")


def test_what_may_be_seen_once_says_so() -> None:
    inner = a_message(imageMessage=wa.ImageMessage(caption="Lihat"))
    found = content(a_message(viewOnceMessageV2=wa.FutureProofMessage(message=inner)))
    assert found
    assert found == Found(k.Image(caption="Lihat"), Context(view_once=True))


@pytest.mark.parametrize(
    ("said", "key", "target"),
    [
        (Said(), THEIRS, SELF),
        (Said(), OURS, MINE),
        (Said(from_me=True), THEIRS, MINE),
        (Said(from_me=True), OURS, SELF),
        (Said(group=True), THEIRS, SELF),
        (
            Said(group=True),
            KEY(ID="3A01", fromMe=False, participant="62811:2@s.whatsapp.net"),
            Target("3A01", None, "62811@s.whatsapp.net"),
        ),
    ],
    ids=["their own", "ours", "our own, from our phone", "theirs, from our phone", "in a group", "another member's"],
)
def test_whose_the_message_is_depends_on_who_says_so(said: Said, key: Any, target: Target) -> None:
    found = content(a_message(reactionMessage=wa.ReactionMessage(key=key, text="👍")), said)
    assert found
    assert found.content.about == target


def a_change(kind: Any, key: Any) -> Any:
    """A message that changes another one: a deletion or an edit, open or sealed."""
    if kind == "sealed":
        edit = wa.SecretEncryptedMessage.MESSAGE_EDIT
        sealed = wa.SecretEncryptedMessage(
            targetMessageKey=key, secretEncType=edit, encPayload=b"x" * 20, encIV=b"i" * 12
        )
        return a_message(secretEncryptedMessage=sealed)
    return a_message(
        protocolMessage=PROTOCOL(type=kind, key=key, editedMessage=a_message(conversation="I owe you 1,000"))
    )


@pytest.mark.parametrize("kind", [PROTOCOL.REVOKE, PROTOCOL.MESSAGE_EDIT, "sealed"])
@pytest.mark.parametrize(
    "said", [Said(), Said(from_me=True), Said(group=True), Said(by_admin=True)], ids=["direct", "own", "group", "admin"]
)
def test_nobody_changes_what_somebody_else_wrote(kind: Any, said: Said) -> None:
    others = content(a_change(kind, OURS), said)
    assert others
    assert isinstance(others.content, k.Unsupported)
    own = content(a_change(kind, THEIRS), said)
    assert own
    assert isinstance(own.content, k.Deleted | k.Edited)
    assert own.content.about
    assert own.content.about.from_me is said.from_me
    assert own.content != k.Deleted(own.content.about, by_admin=True)


def test_an_administrator_s_deletion_is_told_from_a_writer_s_own() -> None:
    message = a_message(protocolMessage=PROTOCOL(type=PROTOCOL.REVOKE, key=OURS))
    found = content(message, Said(group=True, by_admin=True))
    assert found
    assert found.content == k.Deleted(Target("3A01"), by_admin=True)


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(protocolMessage=PROTOCOL(type=PROTOCOL.APP_STATE_SYNC_KEY_SHARE)),
        a_message(protocolMessage=PROTOCOL(type=PROTOCOL.HISTORY_SYNC_NOTIFICATION)),
        a_message(senderKeyDistributionMessage=wa.SenderKeyDistributionMessage(groupID="g")),
        a_message(messageContextInfo=wa.MessageContextInfo(messageSecret=b"x")),
    ],
)
def test_what_serves_the_protocol_is_no_message(message: Any) -> None:
    assert content(message) is None


def test_a_group_key_beside_a_text_is_left_aside() -> None:
    key = wa.SenderKeyDistributionMessage(groupID="g")
    assert content(a_message(conversation="Halo", senderKeyDistributionMessage=key)) == Found(k.Text("Halo"))


@given(st.lists(st.sampled_from(WRAPPERS), max_size=DEPTH))
def test_wrappers_are_opened(wrappers: list[str]) -> None:
    message = a_message(conversation="Halo")
    for name in wrappers:
        outer = a_message()
        getattr(outer, name).message.CopyFrom(message)
        message = outer
    found = content(message)
    assert found
    assert found.content == k.Text("Halo")


def test_every_wrapper_of_the_library_s_is_known() -> None:
    holding = {
        field.name
        for field in wa.Message.DESCRIPTOR.fields
        if field.message_type and field.message_type.name in {"FutureProofMessage", "DeviceSentMessage"}
    }
    assert set(WRAPPERS) == holding


def test_a_hostile_number_of_wrappers_is_not_followed() -> None:
    message = a_message(conversation="Halo")
    for _ in range(DEPTH + 1):
        outer = a_message()
        outer.viewOnceMessage.message.CopyFrom(message)
        message = outer
    assert content(message) == Found(k.Unsupported("viewOnceMessage"), Context(view_once=True))


def test_what_a_hostile_sender_writes_is_bounded() -> None:
    long = "ÿ" * 20_000
    cards = [wa.ContactMessage(displayName=long, vcard=long)] * 100
    contacts = content(a_message(contactsArrayMessage=wa.ContactsArrayMessage(displayName=long, contacts=cards)))
    poll = content(
        a_message(pollCreationMessage=wa.PollCreationMessage(name=long, options=[{"optionName": long}] * 1_000))
    )
    info = wa.ContextInfo(
        stanzaID=long, participant=long, quotedMessage=a_message(conversation=long), mentionedJID=[long] * 1_000
    )
    reply = content(a_message(extendedTextMessage=wa.ExtendedTextMessage(text="Ya", contextInfo=info)))
    place = content(a_message(locationMessage=wa.LocationMessage(name=long, address=long, URL=long)))
    for found in (contacts, poll, reply, place):
        assert found
        assert len(str((found.content.text, stored(found.content), found.context)).encode()) < 70_000


FILE = {
    "URL": "https://mmg.example/v/1",
    "directPath": "/v/t62.7118-24/1?ccb=11-4",
    "mediaKey": b"k" * 32,
    "fileEncSHA256": b"e" * 32,
    "fileSHA256": b"f" * 32,
    "fileLength": 9,
    "mediaKeyTimestamp": 1_795_229_017,
    "mimetype": "image/jpeg",
}


def test_media_says_where_its_file_lies() -> None:
    found = content(a_message(imageMessage=wa.ImageMessage(**FILE, width=4, height=3)))
    assert found
    assert found.content == k.Image(mimetype="image/jpeg", size=9, sha256=(b"f" * 32).hex(), width=4, height=3)
    assert found.file == WhatsAppFile(
        kind="image",
        direct_path="/v/t62.7118-24/1?ccb=11-4",
        url="https://mmg.example/v/1",
        media_key=b"k" * 32,
        enc_sha256=b"e" * 32,
        file_sha256=b"f" * 32,
        size=9,
        mimetype="image/jpeg",
        media_key_timestamp=1_795_229_017,
        width=4,
        height=3,
    )


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (a_message(stickerMessage=wa.StickerMessage(**FILE)), "image"),
        (a_message(ptvMessage=wa.VideoMessage(**FILE)), "video"),
        (a_message(audioMessage=wa.AudioMessage(**FILE)), "audio"),
        (a_message(documentMessage=wa.DocumentMessage(**FILE)), "document"),
    ],
)
def test_the_keys_of_a_file_are_of_the_kind_that_it_was_uploaded_as(message: Any, kind: str) -> None:
    found = content(message)
    assert found
    assert found.file
    assert found.file.kind == kind


@pytest.mark.parametrize(
    "lie",
    [
        {"directPath": "https://evil.example/x"},
        {"directPath": ""},
        {"directPath": "/" + "x" * 5_000},
        {"directPath": "/x y"},
        {"directPath": "/x\r\nHost: evil.example"},
        {"directPath": "/x\\y"},
        {"directPath": "/x#y"},
        {"mediaKey": b"short"},
        {"fileEncSHA256": b""},
        {"fileSHA256": b"x" * 33},
    ],
    ids=str,
)
def test_a_file_that_cannot_be_where_its_message_says_is_none(lie: dict[str, Any]) -> None:
    found = content(a_message(imageMessage=wa.ImageMessage(**FILE | lie)))
    assert found
    assert found.file is None


INFO = wa.Message.DESCRIPTOR.fields_by_name["messageContextInfo"].message_type._concrete_class


def test_a_child_of_an_album_names_it_also_within_a_wrapper() -> None:
    parent = {"associationType": "MEDIA_ALBUM", "parentMessageKey": {"ID": "3AA1", "fromMe": True}}
    info = INFO(messageSecret=b"s" * 32, messageAssociation=parent)
    child = a_message(imageMessage=wa.ImageMessage(caption="Satu"), messageContextInfo=info)
    wrapped = a_message(associatedChildMessage=wa.FutureProofMessage(message=child))
    for message in (child, wrapped):
        assert content(message) == Found(k.Image(caption="Satu"), Context(album="3AA1"), secret=b"s" * 32)
    album = wa.AlbumMessage(expectedImageCount=2, expectedVideoCount=1)
    assert content(a_message(albumMessage=album)) == Found(k.Album(2, 1))


def test_a_pin_says_how_long_it_lasts() -> None:
    pin = wa.PinInChatMessage(key=OURS, type=wa.PinInChatMessage.PIN_FOR_ALL)
    found = content(a_message(pinInChatMessage=pin, messageContextInfo=INFO(messageAddOnDurationInSecs=86_400)))
    assert found
    assert found.content == k.Pin(MINE, seconds=86_400)


def test_a_link_has_its_preview_and_a_status_its_colours() -> None:
    text = wa.ExtendedTextMessage(
        text="Lihat https://kopi.example", matchedText="https://kopi.example", title="Kopi", description="Hangat"
    )
    preview = k.LinkPreview("https://kopi.example", "Kopi", "Hangat")
    assert content(a_message(extendedTextMessage=text)) == Found(k.Text("Lihat https://kopi.example", preview))
    status = wa.ExtendedTextMessage(text="Tutup", backgroundArgb=0xFF12_34AB, font=2)
    assert content(a_message(extendedTextMessage=status)) == Found(k.Text("Tutup", None, "#1234ab", 2))


def test_what_is_sealed_is_found_beside_what_can_be_read() -> None:
    vote = wa.PollUpdateMessage(
        pollCreationMessageKey=OURS, vote=wa.PollEncValue(encPayload=b"p" * 40, encIV=b"i" * 12)
    )
    assert content(a_message(pollUpdateMessage=vote)) == Found(
        k.PollVote(MINE), sealed=Sealed(Use.POLL_VOTE, b"p" * 40, b"i" * 12)
    )
    edit = wa.SecretEncryptedMessage(
        targetMessageKey=THEIRS, secretEncType="MESSAGE_EDIT", encPayload=b"p" * 40, encIV=b"i" * 12
    )
    assert content(a_message(secretEncryptedMessage=edit)) == Found(
        k.Edited(SELF, encrypted=True), sealed=Sealed(Use.MESSAGE_EDIT, b"p" * 40, b"i" * 12)
    )
    edit.encPayload = b"p" * 1_000_000
    found = content(a_message(secretEncryptedMessage=edit))
    assert found
    assert found.sealed is None
