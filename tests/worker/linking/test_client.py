"""The worker's client that links first: which linker it takes, and what becomes of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chalicelib.domain.session import Device
from chalicelib.worker.linking.client import Clients, LinkingClient
from chalicelib.worker.linking.linking import Ended
from chalicelib.worker.linking.own import Registrant, _meaning
from chalicelib.worker.linking.registration import Appearance
from chalicelib.worker.linking.states import Why
from chalicelib.worker.waiting import EventQueue
from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp.errors import NoConnection, NotSent
from infra.template import TEMPLATE, load_template
from tests.worker.harness import ScriptedClient

DEVICE = Device("6281234567890:1@s.whatsapp.net", "2204:1@lid", "android")


@dataclass
class ScriptedLinker:
    """A linker that does as the test says."""

    name: str = "scripted"
    open: bool = True
    acts: c.OwnersActs | None = None
    calls: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.calls.append("start")

    def is_open(self) -> bool:
        return self.open

    def cancel(self) -> None:
        self.calls.append("cancel")


class Case:
    """A client with a scripted linker, and a scripted library behind it."""

    def __init__(self, log_in: Callable[[], Any] | None = None) -> None:
        self.heard: list[c.ClientEvent] = []
        self.linker = ScriptedLinker()
        handlers = c.Handlers(self.heard.append, lambda _: None, lambda _: None)
        self.library = ScriptedClient(EventQueue(), (), handlers)
        self.client = LinkingClient(handlers, lambda _: self.linker, log_in or (lambda: self.library))
        self.client.connect()


def test_once_the_device_is_linked_the_library_does_everything() -> None:
    case = Case()
    case.client.emit(c.QREvent("code", 60))
    assert (case.client.linked_as, case.client.leaves_remains, case.client.is_connected()) == (None, False, True)
    case.client.linked(DEVICE)
    assert case.heard == [c.QREvent("code", 60), c.PairSuccessEvent(DEVICE)]
    assert (case.client.linked_as, case.client.leaves_remains) == (DEVICE, True)
    case.client.disconnect()
    assert case.client.logout()
    assert case.library.calls == ["connect", "disconnect", "logout"]
    assert case.linker.calls == ["start"]


def test_before_that_nothing_can_be_sent_or_asked() -> None:
    client: Any = Case().client
    for call in (lambda: client.send("a", None), client.media_connection):
        with pytest.raises(NotSent):
            call()
    for call in (
        client.groups,
        lambda: client.contact("628"),
        lambda: client.mark_read(None),
        lambda: client.show_typing(None),
        lambda: client.show_online(online=True),
        lambda: client.reject_call(None),
    ):
        with pytest.raises(NoConnection):
            call()
    assert (client.logout(), client.phone_of("1"), client.lid_of("1")) == (False, None, None)


def test_a_linking_that_is_given_up_says_nothing_any_more() -> None:
    case = Case()
    case.client.disconnect()
    case.client.emit(c.QREvent("code", 60))
    case.client.ended(c.CodesRanOutEvent())
    case.client.linked(DEVICE)
    assert (case.heard, case.linker.calls, case.library.calls) == ([], ["start", "cancel"], [])


def test_a_library_that_can_t_be_made_is_an_end() -> None:
    def broken() -> None:
        raise RuntimeError

    case = Case(broken)
    case.client.linked(DEVICE)
    assert case.heard == [c.PairSuccessEvent(DEVICE), c.EndedEvent("RuntimeError")]
    assert not case.client.leaves_remains


def test_an_open_socket_is_the_linker_s_until_the_device_is_linked() -> None:
    case = Case()
    case.linker.open = False
    assert not case.client.is_connected()
    case.client.linked(DEVICE)
    case.library.connected = False
    assert not case.client.is_connected()


class NoLibrary:
    """A library that is never asked for."""

    def client(
        self, database: Path, handlers: c.Handlers, *, linking: bool, proxy: str | None, appearance: Appearance
    ) -> c.Client:
        raise AssertionError

    def tables(self) -> bytes:
        raise AssertionError


def test_where_our_own_linking_came_to_nothing_the_library_links_next_and_then_we_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is the worker's own, and passes nothing on once a worker has begun in this process.
    monkeypatch.setattr(logging.getLogger("switchboard.worker"), "propagate", True)
    clients = Clients(own=True, registrant=Registrant(), library=NoLibrary())
    ended = Event()
    handlers = c.Handlers(lambda _: ended.set(), lambda _: None, lambda _: None)

    def client(session: str = "ana") -> LinkingClient:
        made = clients(tmp_path / session / "device.db", handlers, linking=True, proxy="http://127.0.0.1:1")
        assert isinstance(made, LinkingClient)
        return made

    first = client()
    assert first._linker.name == "own"
    first.connect()
    assert ended.wait(60)
    with caplog.at_level("INFO", "switchboard.worker"):
        assert [client()._linker.name, client("ben")._linker.name, client()._linker.name] == ["library", "own", "own"]
    (line,) = caplog.records
    assert (line.message, line.fields) == ("linking_fell_back", {"uid": "ana", "why": "unreachable"})  # type: ignore[attr-defined]
    pattern = load_template(TEMPLATE).resources["LinkingFellBack"]["Properties"]["FilterPattern"]
    # All reasons count but that nobody scanned.
    assert pattern == f'{{ $.event = "{line.message}" && $.why != "{Why.CODES_RAN_OUT}" }}'


def test_the_library_links_by_itself_where_it_is_to(tmp_path: Path) -> None:
    case = Case()

    class Given(NoLibrary):
        def client(
            self, database: Path, handlers: c.Handlers, *, linking: bool, proxy: str | None, appearance: Appearance
        ) -> c.Client:
            assert (linking, appearance.name) == (True, "Switchboard")
            return case.library

    handlers = c.Handlers(lambda _: None, lambda _: None, lambda _: None)
    clients = Clients(own=False, registrant=Registrant(), library=Given())
    assert clients(tmp_path / "ana" / "device.db", handlers, linking=True) is case.library


@pytest.mark.parametrize(
    ("end", "event"),
    [
        (Ended(Why.CODES_RAN_OUT), c.CodesRanOutEvent()),
        (Ended(Why.OUTDATED, "405"), c.ClientOutdatedEvent()),
        (Ended(Why.BAD_VOUCHER, "hmac-mismatch"), c.PairErrorEvent("bad_voucher: hmac-mismatch")),
        (Ended(Why.NOT_STORED), c.PairErrorEvent("not_stored: ")),
        (Ended(Why.NO_MULTI_DEVICE), c.PairErrorEvent("no_multi_device: ")),
        (Ended(Why.REFUSED, "503"), c.ConnectFailureEvent(503)),
        (Ended(Why.REFUSED), c.EndedEvent("refused")),
        (Ended(Why.UNREACHABLE, "proxy_refused"), c.EndedEvent("unreachable")),
        (Ended(Why.SILENT), c.EndedEvent("silent")),
    ],
)
def test_each_end_means_something_to_the_session(end: Ended, event: c.ClientEvent) -> None:
    assert _meaning(end) == event
