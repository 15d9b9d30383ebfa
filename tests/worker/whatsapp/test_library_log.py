"""What is read from the library's trace. The real lines are held against the real client in test_process_*.

How the showing of codes ends. The real words are held against the real client in test_process_linking."""

import logging

import pytest

from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp.library_log import (
    CLIENT,
    CODES,
    LOGGER,
    Stanzas,
    said_at_login,
    said_while_linking,
    scanned,
)

RECEIVED = "whatsmeow.Client.Recv"
RAN_OUT = "Ran out of QR codes, closing channel with status timeout"
BANNED = 'Temporary ban connect failure: <failure code="999" expire="3600" location="x" reason="402" t="1"/>'
UNLINKED = "Got 401: logged out from another device connect failure, sending LoggedOut event and deleting session"


@pytest.mark.parametrize(
    ("logger", "line", "event"),
    [
        (CODES, RAN_OUT, c.CodesRanOutEvent()),
        (RECEIVED, RAN_OUT, None),
        (CODES, "Ran out of QR codes, but channel is already closed", None),
        (CODES, "Emitting QR code https://wa.me/settings/linked_devices#2@ref", None),
    ],
)
def test_a_line_means_something_or_nothing(logger: str, line: str, event: c.ClientEvent | None) -> None:
    assert said_while_linking(logger, line) == event


@pytest.mark.parametrize(
    ("logger", "line", "event"),
    [
        (CLIENT, UNLINKED, c.LoggedOutEvent(401)),
        (CLIENT, "Got 405: client outdated connect failure", None),
        (CLIENT, BANNED, c.TemporaryBanEvent(999, 3600)),
        (CLIENT, "Temporary ban connect failure: <failure/>", c.TemporaryBanEvent(0, 0)),
        (RECEIVED, BANNED, None),
        (RECEIVED, UNLINKED, None),
        (CLIENT, f"Unknown text: {UNLINKED}", None),
    ],
)
def test_at_a_login_only_the_end_of_the_link_is_read(logger: str, line: str, event: c.ClientEvent | None) -> None:
    assert said_at_login(logger, line) == event


def test_lines_are_looked_at_until_it_is_closed_and_passed_on_to_nobody() -> None:
    heard: list[c.ClientEvent] = []
    handler = Stanzas(heard.append, said_while_linking)
    logging.getLogger(CODES).debug(RAN_OUT)
    handler.close()
    logging.getLogger(CODES).debug(RAN_OUT)
    assert heard == [c.CodesRanOutEvent()]
    assert not LOGGER.propagate


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        ("success", type(None)),
        ("error", c.PairErrorEvent),
        ("passkey-request", c.PasskeyRequestEvent),
        ("err-client-outdated", c.ClientOutdatedEvent),
        ("timeout", c.EndedEvent),
        ("err-unexpected-state", c.RegistrationRefusedEvent),
        ("what a later library says", c.EndedEvent),
    ],
)
def test_an_outcome_but_success_says_that_the_code_is_dead(outcome: str, event: type) -> None:
    assert type(scanned(outcome)) is event
