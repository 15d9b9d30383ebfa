"""The client's events, row by row."""

from typing import get_args

import pytest

from chalicelib.domain import events as e
from chalicelib.worker.session.reporter import translate
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE

ROWS: list[tuple[c.ClientEvent, e.LinkEvent | None]] = [
    (c.PairSuccess(DEVICE), e.PairSuccess(DEVICE)),
    (c.PairError("hmac"), e.PairError()),
    (c.PasskeyRequest(), e.PasskeyRequested()),
    (c.Connected(DEVICE), e.Connected(DEVICE)),
    (c.KeepAliveRestored(DEVICE), e.Connected(DEVICE)),
    (c.Disconnected(), e.Disconnected("connection_lost")),
    (c.KeepAliveTimeout(), e.Disconnected("connection_lost")),
    (c.LoggedOut(401), e.LoggedOut("unlinked_from_phone")),
    (c.ClientOutdated(), e.ClientOutdated()),
    (c.TemporaryBan(101, 3600), e.TemporaryBan()),
    (c.QR("code"), None),
    (c.CodesRanOut(), None),
    (c.StreamReplaced(), None),
    (c.ConnectFailure(500), None),
    (c.Ended(None), None),
]


@pytest.mark.parametrize(("event", "link_event"), ROWS, ids=lambda row: type(row).__name__)
def test_each_event_of_the_client_means_one_thing(event: c.ClientEvent, link_event: e.LinkEvent | None) -> None:
    assert translate(event) == link_event


def test_no_event_is_missing_here() -> None:
    assert {type(event) for event, _ in ROWS} == set(get_args(c.ClientEvent))


def test_a_code_never_shows_in_a_representation() -> None:
    assert "secret" not in repr(c.QR("secret"))
