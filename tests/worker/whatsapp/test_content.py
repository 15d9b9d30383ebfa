"""What is in a message, on the library's own protobuf classes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.worker.whatsapp.content import DEPTH, WRAPPERS, content
from tests.worker.protos import messages as wa


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
        (a_message(orderMessage=wa.OrderMessage(message="x")), ("other", None)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_kind_and_text(message: Any, found: tuple[str, str | None]) -> None:
    assert content(message) == found


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(protocolMessage=wa.ProtocolMessage(type=wa.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE)),
        a_message(senderKeyDistributionMessage=wa.SenderKeyDistributionMessage(groupID="g")),
        a_message(messageContextInfo=wa.MessageContextInfo(messageSecret=b"x")),
    ],
)
def test_what_serves_the_protocol_is_no_message(message: Any) -> None:
    assert content(message) is None


def test_a_group_key_beside_a_text_is_left_aside() -> None:
    key = wa.SenderKeyDistributionMessage(groupID="g")
    assert content(a_message(conversation="Halo", senderKeyDistributionMessage=key)) == ("text", "Halo")


@given(st.lists(st.sampled_from(WRAPPERS), max_size=DEPTH))
def test_wrappers_are_opened(wrappers: list[str]) -> None:
    message = a_message(conversation="Halo")
    for name in wrappers:
        outer = a_message()
        getattr(outer, name).message.CopyFrom(message)
        message = outer
    assert content(message) == ("text", "Halo")


def test_a_hostile_number_of_wrappers_is_not_followed() -> None:
    message = a_message(conversation="Halo")
    for _ in range(DEPTH + 1):
        outer = a_message()
        outer.viewOnceMessage.message.CopyFrom(message)
        message = outer
    assert content(message) == ("other", None)
