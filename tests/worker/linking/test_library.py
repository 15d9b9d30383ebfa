"""The library's linking in a child process, against the loopback WhatsApp."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.access import DeviceType
from chalicelib.domain.session import Device
from chalicelib.worker.linking.library import LibraryLinker
from chalicelib.worker.linking.registration import Appearance
from chalicelib.worker.whatsapp import client as c
from tests.whatsapp_server.devices import NUMBER, PATIENCE_S, ROOT, Loopback, loopback

pytestmark = pytest.mark.subprocess


class Heard:
    """What a linker calls, for the test's event loop."""

    def __init__(self, database: Path) -> None:
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self.linker = LibraryLinker(
            database,
            self._put,
            self._put,
            lambda event, _: self._put(event),
            appearance=Appearance("Kopi", DeviceType.CHROME),
            proxy=None,
        )
        self.linker.start()

    def _put(self, told: Any) -> None:
        self._loop.call_soon_threadsafe(self._told.put_nowait, told)

    async def next(self) -> Any:
        return await asyncio.wait_for(self._told.get(), PATIENCE_S)


def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, story: Callable[[Loopback, Heard], Any]) -> None:
    async def run() -> None:
        async with loopback(tmp_path / "wa") as wa:
            for name, value in wa.whatsapp.client_environment().items():
                monkeypatch.setenv(name, f"{value}{os.pathsep}{ROOT}" if name == "PYTHONPATH" else value)
            heard = Heard(tmp_path / "device.db")
            try:
                await story(wa, heard)
            finally:
                heard.linker.cancel()

    asyncio.run(run())


def test_a_device_that_the_child_links_is_there_to_log_in_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story(wa: Loopback, heard: Heard) -> None:
        shown = await heard.next()
        assert isinstance(shown, c.QREvent)
        assert heard.linker.is_open()
        assert (await wa.scan(shown.code))[0] == 200
        device = await heard.next()
        assert isinstance(device, Device)
        assert device.phone == NUMBER
        assert not heard.linker.is_open()
        (linked,) = (await wa.get("phones"))["phones"][0]["devices"]
        assert linked["platform"] == "Kopi"
        async with wa.client(tmp_path / "device.db") as client:
            await client.until("connected")

    told(monkeypatch, tmp_path, story)


def test_a_child_that_is_killed_is_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story(wa: Loopback, heard: Heard) -> None:
        assert isinstance(await heard.next(), c.QREvent)
        heard.linker.cancel()
        assert isinstance(await heard.next(), c.EndedEvent)
        await wa.until_nobody_waits()

    told(monkeypatch, tmp_path, story)
