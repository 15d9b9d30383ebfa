"""What the library's trace tells of what it sent: read as the library writes it."""

import logging
from collections.abc import Iterator

import pytest

from chalicelib.worker.whatsapp.sent_ids import SENT, SentIds, read

MESSAGE = (
    '<message id="3EB024D34C11D5E7BF9946" peer_recipient_pn="628777000009@s.whatsapp.net" to="222715344300939@lid"'
    ' type="text"><participants><to jid="222715344300939@lid"><enc type="pkmsg" v="2"><!-- 197 bytes --></enc></to>'
    "</participants></message>"
)
AGAIN = (
    '<message id="3EB0A" participant="1@lid" to="1-2@g.us" type="text">'
    '<enc count="1" type="pkmsg" v="2"><!-- 9 bytes --></enc></message>'
)


@pytest.fixture
def ids() -> Iterator[SentIds]:
    made = SentIds()
    yield made
    made.close()


def test_a_message_s_line_says_its_id() -> None:
    assert read(MESSAGE) == "3EB024D34C11D5E7BF9946"
    assert read('<message edit="7" id="3EB0B" to="1-2@g.us" type="reaction"><enc/></message>') == "3EB0B"


@pytest.mark.parametrize(
    "line",
    [
        "",
        AGAIN,
        '<message category="peer" id="3EB0C" to="1@s.whatsapp.net" type="text"><enc/></message>',
        '<receipt id="3EB0D" to="1@lid" type="sender"/>',
        '<iq id="1.2-3" to="s.whatsapp.net" type="get" xmlns="w:p"/>',
        f"<iq>{MESSAGE}</iq>",
        '<message to="1@lid" type="text"><enc id="3EB0E"/></message>',
    ],
    ids=range(7),
)
def test_other_lines_say_none(line: str) -> None:
    assert read(line) is None


def test_the_id_of_a_send_is_the_one_that_was_sent_since_it_began(ids: SentIds) -> None:
    SENT.debug(MESSAGE.replace("3EB024", "3EB0FF"))
    ids.begin()
    assert ids.only() is None
    SENT.debug(AGAIN)
    SENT.debug(MESSAGE)
    SENT.debug(MESSAGE)
    assert ids.only() == "3EB024D34C11D5E7BF9946"
    SENT.debug(MESSAGE.replace("3EB024", "3EB0FF"))
    assert ids.only() is None, "nobody can tell which"


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def test_the_trace_goes_nowhere(ids: SentIds) -> None:
    kept, above = Kept(), logging.getLogger("whatsmeow")
    above.addHandler(kept)
    try:
        ids.begin()
        SENT.debug(MESSAGE)
    finally:
        above.removeHandler(kept)
    assert ids.only()
    assert kept.records == []
