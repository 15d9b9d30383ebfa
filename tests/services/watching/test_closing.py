import pytest

from chalicelib.domain.access import Principal, Role
from chalicelib.domain.watchers import Watcher
from chalicelib.services.ports import Gone, Unavailable
from chalicelib.services.watching.socketio import Conversation
from tests.composition import Rig
from tests.makers import NOW


@pytest.fixture
def rig():
    rig = Rig()
    for number in range(20):
        rig.stores.watchers.add(
            Watcher(f"w{number}", "default", "ana", "enveloped", "bo" if number else "ana", NOW, NOW)
        )
    return rig


def test_all_of_a_principal_s_watchers_are_closed_and_nobody_else_s(rig):
    rig.closing.close("bo")
    rig.closing.close("bo")
    assert sorted(rig.sockets.closed) == sorted(f"w{number}" for number in range(1, 20))
    assert list(rig.stores.watchers.rows) == ["w0"]


@pytest.mark.parametrize("trouble", [Gone("w1"), Unavailable("throttled")])
def test_a_connection_that_cannot_be_closed_is_told_nothing_more_and_keeps_nobody(rig, monkeypatch, trouble):
    def failing(watcher):
        raise trouble

    monkeypatch.setattr(rig.sockets, "close", failing)
    rig.closing.close("bo")
    assert list(rig.stores.watchers.rows) == ["w0"]


def test_a_watcher_that_cannot_be_forgotten_is_trouble(rig, monkeypatch):
    def failing(watcher):
        raise Unavailable("throttled")

    monkeypatch.setattr(rig.stores.watchers, "remove", failing)
    with pytest.raises(Unavailable):
        rig.closing.close("bo")


def test_socketio_s_channels_are_ended_as_well_over_polls_and_over_a_connection(rig):
    principal = Principal("bo", "default", Role.MEMBER)
    channels = [rig.channels.open()[0], rig.channels.open(connection="c1")[0]]
    for channel in channels:
        Conversation(rig.channels, rig.rooms, rig.clock, rig.limits).bind(channel, lambda: principal)
    rig.closing.close("bo")
    assert [rig.stores.channels.get(channel.sid) for channel in channels] == [None, None]
    assert "c1" in rig.sockets.closed
    rig.closing.close("bo")
