"""The client's errors when it asks WhatsApp something."""

import pytest

from chalicelib.worker.whatsapp.unanswered import NoConnection, WhatsAppRefused, unanswered


@pytest.mark.parametrize(
    "error",
    [
        "failed to send usync query: websocket not connected",
        "failed to send usync query: info query timed out",
        "websocket disconnected before info query returned response",
        "failed to send group list query: frame socket is closed",
    ],
)
def test_without_a_connection_it_may_be_asked_again(error: str) -> None:
    assert isinstance(unanswered(error), NoConnection)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("info query returned status 429: rate-overlimit", "WhatsApp has been asked too much by this account"),
        ("failed to send usync query: info query returned status 403: forbidden", "refused to answer (error 403)"),
        ("something of +6281234567890 nobody foresaw", "The WhatsApp client couldn't ask."),
    ],
)
def test_a_refusal_is_told_in_a_sentence_without_the_number(error: str, sentence: str) -> None:
    found = unanswered(error)
    assert isinstance(found, WhatsAppRefused)
    assert sentence in found.sentence
    assert "628" not in found.sentence
