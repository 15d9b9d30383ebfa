"""The client's events, row by row."""

from typing import get_args

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.session import Reason
from chalicelib.worker.session.reporter import translate
from chalicelib.worker.whatsapp import client as c
from tests.makers import DEVICE, NOW

ROWS: list[tuple[c.ClientEvent, e.LinkEvent | None]] = [
    (c.PairSuccessEvent(DEVICE), e.PairSuccess(DEVICE)),
    (c.PairErrorEvent("hmac"), e.PairError()),
    (c.PasskeyEndedEvent("passkey_expired"), e.PasskeyLapsed(Reason.PASSKEY_EXPIRED)),
    (c.PasskeyEndedEvent("passkey_refused"), e.PasskeyRefused()),
    (c.ConnectedEvent(DEVICE), e.Connected(DEVICE)),
    (c.KeepAliveRestoredEvent(DEVICE), e.Connected(DEVICE)),
    (c.DisconnectedEvent(), e.Disconnected("connection_lost")),
    (c.KeepAliveTimeoutEvent(), e.Disconnected("connection_lost")),
    (c.LoggedOutEvent(401), e.LoggedOut("unlinked_from_phone")),
    (c.ClientOutdatedEvent(), e.ClientOutdated()),
    (c.TemporaryBanEvent(101, 3600), e.TemporaryBan(101, NOW + 3_600_000)),
    (c.TemporaryBanEvent(999, 0), e.TemporaryBan(999)),
    (c.RegistrationRefusedEvent(), e.RegistrationRefused()),
    (c.LoggedOutEvent(403), e.AccountRefused(Reason.ACCOUNT_LOCKED)),
    (c.LoggedOutEvent(406), e.AccountRefused(Reason.ACCOUNT_BANNED)),
    (c.QREvent("code"), None),
    (c.PairingCodeEvent("6281", "code", 180), None),
    (c.PairingCodeEndedEvent("expired"), None),
    (c.PasskeyRequestEvent(), None),
    (c.PasskeyCodeEvent("code", 180), None),
    (c.CodesRanOutEvent(), None),
    (c.StreamReplacedEvent(), None),
    (c.ConnectFailureEvent(500), None),
    (c.EndedEvent(None), None),
]


@pytest.mark.parametrize(("event", "link_event"), ROWS, ids=lambda row: type(row).__name__)
def test_each_event_of_the_client_means_one_thing(event: c.ClientEvent, link_event: e.LinkEvent | None) -> None:
    assert translate(event, NOW) == link_event


def test_no_event_is_missing_here() -> None:
    assert {type(event) for event, _ in ROWS} == set(get_args(c.ClientEvent))


def test_a_code_never_shows_in_a_representation() -> None:
    secrets = (
        c.PairingCodeEvent("6281", "secret", 1),
        c.PasskeyRequestEvent("secret", 1),
        c.PasskeyCodeEvent("secret", 1),
    )
    assert "secret" not in repr((c.QREvent("secret"), *secrets))
