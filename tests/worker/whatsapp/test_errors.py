"""The client's errors, as whatsmeow writes them.

The client's errors when it asks WhatsApp something."""

import pytest

from chalicelib.worker.whatsapp.errors import (
    NoAnswer,
    NoConnection,
    NotSent,
    RecipientNotOnWhatsApp,
    SendRefused,
    WhatsAppRefused,
    timer_not_set,
    unanswered,
    unsent,
)

JID = "628999000111@s.whatsapp.net"
GROUP = "120363041234567890@g.us"


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (f"no LID found for {JID} from server", RecipientNotOnWhatsApp),
        ("server returned error 463", SendRefused),
        ("failed to get device list: failed to send usync query: info query returned status 429: rate", SendRefused),
        ("failed to send message node: websocket not connected", NotSent),
        ("failed to send message node: frame socket is closed", NotSent),
        (f"failed to get LID for PN {JID}: websocket disconnected before info query returned response", NotSent),
        ("failed to get device list: failed to send usync query: info query timed out", NotSent),
        ("timed out waiting for message send response", NoAnswer),
        ("websocket disconnected before message send returned response", NoAnswer),
        ("failed to send message node: write tcp 127.0.0.1: broken pipe", NoAnswer),
        ("something that nobody has seen yet", NoAnswer),
    ],
)
def test_what_an_error_means(error: str, means: type[Exception]) -> None:
    assert type(unsent(error, JID)) is means


def test_a_refusal_says_whatsapps_number_and_no_other() -> None:
    refusal = unsent("server returned error 479", JID)
    assert isinstance(refusal, SendRefused)
    assert (refusal.code, refusal.sentence) == ("refused", "WhatsApp refused the message (error 479).")


@pytest.mark.parametrize(
    ("error", "to", "code"),
    [
        ("failed to get group members: you're not participating in that group", GROUP, "not_in_group"),
        ("failed to get group members: that group does not exist", GROUP, "group_not_found"),
        ("server returned error 403", GROUP, "group_forbids"),
        ("server returned error 403", JID, "refused"),
        ("server returned error 404", GROUP, "group_not_found"),
        ("server returned error 404", "120363000000000001@newsletter", "channel_not_found"),
        ("server returned error 404", "status@broadcast", "refused"),
        ("server returned error 421", GROUP, "refused"),
        ("server returned error 503", JID, "whatsapp_unavailable"),
        ("server returned error 500", GROUP, "whatsapp_unavailable"),
    ],
)
def test_why_a_chat_takes_no_message_has_a_name(error: str, to: str, code: str) -> None:
    refusal = unsent(error, to)
    assert isinstance(refusal, SendRefused)
    assert refusal.code == code


@pytest.mark.parametrize("to", [JID, "200000000000002@lid"])
def test_somebody_whom_whatsapp_does_not_find_is_not_on_whatsapp(to: str) -> None:
    assert isinstance(unsent("server returned error 404", to), RecipientNotOnWhatsApp)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("info query returned status 403: forbidden", "group_forbids"),
        ("info query returned status 401: not-authorized", "group_forbids"),
        ("info query returned status 404: item-not-found", "group_not_found"),
        ("info query returned status 400: bad-request", "refused"),
        ("something that nobody has seen yet", "refused"),
    ],
)
def test_why_a_group_s_timer_is_not_set_has_a_name(error: str, code: str) -> None:
    refusal = timer_not_set(error)
    assert isinstance(refusal, SendRefused)
    assert refusal.code == code


@pytest.mark.parametrize("error", ["websocket not connected", "info query timed out"])
def test_a_group_s_timer_is_set_later_without_a_connection(error: str) -> None:
    assert isinstance(timer_not_set(error), NotSent)


def test_no_error_names_the_recipient() -> None:
    for error in (f"no LID found for {JID} from server", f"failed to get LID for PN {JID}: x", f"server {JID}"):
        meaning = unsent(error, JID)
        assert "628" not in repr(meaning)
        assert "628" not in getattr(meaning, "sentence", "")


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
