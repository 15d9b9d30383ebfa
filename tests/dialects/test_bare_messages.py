"""The bare API's messages."""

import json

from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.domain.errors import SendFailed
from chalicelib.domain.messages import MessageStatus
from tests.makers import NOW, a_message

FAILED = a_message(status=MessageStatus.FAILED, error_code="refused", error_message="No.")


def test_a_message_says_what_the_other_family_s_says_in_its_own_words() -> None:
    ours, theirs = bare_messages.message(FAILED), enveloped_messages.message(FAILED)
    renamed = {"sessionId": "session"}
    assert {renamed.get(name, snake(name)) for name in ours} == set(theirs)
    assert ours["error"] == theirs["error"] == {"code": "refused", "message": "No."}


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_who_is_known_by_lid_alone_is_named_by_it() -> None:
    shape = bare_messages.message(a_message(to="200000000000002@lid"))
    assert (shape["to"], shape["from"]) == ("200000000000002@lid", None)


def test_a_failure_names_the_message_that_failed() -> None:
    body = bare.error(SendFailed("No.", failed=FAILED), now=NOW, session_id="ana")
    assert (body["id"], body["status"], body["code"]) == (FAILED.id, "failed", "SEND_FAILED")
    assert "Kopi" not in json.dumps(body)
