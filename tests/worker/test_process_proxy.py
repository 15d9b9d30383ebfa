"""A worker process with the real client, whose session has a proxy: nothing goes to WhatsApp by any other way."""

import asyncio
import socket
from pathlib import Path

import pytest

from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.domain import events as e
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import Reason, Status
from tests.proxies import OwnersProxy, running
from tests.worker.processes import ProcessHarness, told

pytestmark = pytest.mark.subprocess

WORD = "a-word-of-the-owners"
NO_OTHER_WAY = {"HTTPS_PROXY": "http://127.0.0.1:1"}
"""What leads the client to the loopback WhatsApp leads nowhere: only the session's proxy can."""


def an_owners_proxy(harness: ProcessHarness, kind: ProxyType) -> OwnersProxy:
    """A proxy with credentials that connects to the loopback WhatsApp."""
    port = int(harness.wa.whatsapp.client_environment()["HTTPS_PROXY"].rpartition(":")[2])

    def reach(host: str, at: int) -> socket.socket:
        found: socket.socket = ProxyDialer(local=True).dial(
            Proxy(ProxyType.HTTP, "127.0.0.1", port), host, at, seconds=10
        )
        found.settimeout(None)
        return found

    return OwnersProxy(kind, credentials=("ana", WORD), reach=reach)


def shown(proxy: OwnersProxy) -> Proxy:
    return Proxy(proxy.type, "127.0.0.1", proxy.port, "ana", WORD)


@pytest.mark.parametrize("kind", [ProxyType.HTTP, ProxyType.SOCKS5])
def test_a_session_links_and_runs_through_its_proxy_and_through_another_one_when_that_changes(
    tmp_path: Path, kind: ProxyType
) -> None:
    async def story(harness: ProcessHarness) -> None:
        first, second = an_owners_proxy(harness, kind), an_owners_proxy(harness, kind)
        with running(first), running(second):
            harness.happen(e.SettingsChanged(proxy=shown(first)))
            await harness.start(**NO_OTHER_WAY)
            await harness.linked()
            assert set(first.asked) == {"web.whatsapp.com:443"}
            assert second.asked == []
            asked = len(first.asked)
            harness.wish(e.SettingsChanged(proxy=shown(second)))
            await harness.until(lambda session: session.status is Status.CONNECTED and second.asked)
            assert (len(first.asked), harness.now.epoch) == (asked, 1)
            assert not harness.now.last_reason
        assert WORD not in harness.log()

    told(tmp_path, story)


def test_a_restart_makes_another_connection_in_the_same_process(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        proxy = an_owners_proxy(harness, ProxyType.HTTP)
        with running(proxy):
            harness.happen(e.SettingsChanged(proxy=shown(proxy)))
            worker = await harness.start(**NO_OTHER_WAY)
            await harness.linked()
            before, since = len(proxy.asked), harness.now.connected_at
            harness.wish(e.RestartRequested())
            await harness.until(lambda session: session.status is Status.CONNECTED and session.connected_at != since)
            assert len(proxy.asked) == before + 1
            assert (worker.returncode, harness.now.epoch) == (None, 1)
            assert [type(event) for event in harness.reported()][-2:] == [e.Restarted, e.Connected]

    told(tmp_path, story)


def test_a_code_of_before_is_gone_at_a_restart(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        await harness.start()
        dead = await harness.code()
        harness.wish(e.RestartRequested())
        await harness.until(lambda session: session.qr is None)
        assert await harness.another_code(dead) != dead
        await harness.linked()

    told(tmp_path, story)


def test_a_proxy_that_refuses_is_the_reason_and_one_that_lets_through_mends_it(tmp_path: Path) -> None:
    async def story(harness: ProcessHarness) -> None:
        proxy = an_owners_proxy(harness, ProxyType.HTTP)
        with running(proxy):
            harness.happen(e.SettingsChanged(proxy=Proxy(proxy.type, "127.0.0.1", proxy.port, "ana", "wrong")))
            await harness.start(**NO_OTHER_WAY)
            await harness.until(lambda session: session.reason == Reason.PROXY_FAILURE)
            harness.wish(e.SettingsChanged(proxy=shown(proxy)))
            await asyncio.wait_for(harness.linked(), 60)

    told(tmp_path, story)
