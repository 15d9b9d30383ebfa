"""The bare API's messages."""

import json

import pytest

from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.domain import content as c
from chalicelib.domain.errors import SendFailed
from chalicelib.domain.messages import MessageStatus
from tests.makers import NOW, a_message

FAILED = a_message(status=MessageStatus.FAILED, error_code="refused", error_message="No.")


def test_a_message_says_what_the_other_family_s_says_in_its_own_words() -> None:
    ours, theirs = bare_messages.message(FAILED, read=True), enveloped_messages.message(FAILED)
    renamed = {"sessionId": "session"}
    assert {renamed.get(name, snake(name)) for name in ours} - {"read"} == set(theirs)
    assert ours["error"] == theirs["error"] == {"code": "refused", "message": "No."}


def test_a_file_is_told_as_the_family_s_documents_tell_it() -> None:
    image = a_message(content=c.Image(media_id="md_1", state="stored", caption="Menu"))
    told = bare_messages.message(image, read=True, gateway="https://gateway.example.com")
    assert told["mediaUrl"] == "https://gateway.example.com/sessions/ana/media/md_1"
    assert (told["caption"], told["message"]) == ("Menu", "Menu")
    plan = a_message(content=c.Document(media_id="md_2", file_name="plan.pdf"))
    told = bare_messages.message(plan, read=True)
    assert (told["mediaUrl"], told["filename"]) == ("/sessions/ana/media/md_2", "plan.pdf")
    assert "caption" not in told


@pytest.mark.parametrize(
    "content", [c.Image(), c.Image(media_id="md_1", state="expired"), c.Image(media_id="md_1", state="failed")]
)
def test_a_file_that_nobody_will_have_has_no_address(content: c.Content) -> None:
    message = a_message(content=content)
    assert "mediaUrl" not in bare_messages.message(message, read=False)
    assert "media_url" not in enveloped_messages.message(message)


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_who_is_known_by_lid_alone_is_named_by_it() -> None:
    shape = bare_messages.message(a_message(to="200000000000002@lid"), read=True)
    assert (shape["to"], shape["from"]) == ("200000000000002@lid", None)


def test_a_failure_names_the_message_that_failed() -> None:
    body = bare.error(SendFailed("No.", failed=FAILED), now=NOW, session_id="ana")
    assert (body["id"], body["status"], body["code"]) == (FAILED.id, "failed", "SEND_FAILED")
    assert "Kopi" not in json.dumps(body)
