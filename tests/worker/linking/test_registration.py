"""What a device registers with, held beside what the client library registers with."""

import asyncio
import mmap
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.access import DeviceType
from chalicelib.wire.curve25519 import KEY_TYPE, verified
from chalicelib.wire.proto.handshake_pb2 import ClientPayload, DeviceProps
from chalicelib.worker.linking.registration import VERSION, Appearance, DeviceKeys, registration
from infra.whatsapp_server import visit
from infra.whatsapp_server.payload import read_payload
from tests.whatsapp_server.devices import PATIENCE_S, ROOT, loopback

RANDOM = ("eRegid", "eIdent", "eSkeyVal", "eSkeySig")
"""What differs from device to device; each as long as any other."""


def masked(payload: bytes) -> tuple[bytes, ClientPayload]:
    """A registration with zeros for what is random, and as it is read."""
    read = ClientPayload.FromString(payload)
    for name in RANDOM:
        value = getattr(read.devicePairingData, name)
        assert payload.count(value) == 1, name
        payload = payload.replace(value, bytes(len(value)))
    return payload, read


def test_a_device_signs_its_prekey_and_registers_with_random_keys() -> None:
    keys = DeviceKeys()
    _, read = masked(registration(keys, Appearance()))
    data = read.devicePairingData
    assert verified(data.eIdent, KEY_TYPE + data.eSkeyVal, data.eSkeySig)
    assert int.from_bytes(data.eRegid, "big") == keys.registration_id
    assert DeviceKeys().identity != keys.identity


def test_a_device_has_the_name_and_the_kind_that_it_is_given_and_asks_for_little_history() -> None:
    _, read = masked(registration(DeviceKeys(), Appearance("Kopi", DeviceType.CHROME), (2, 3000, 7)))
    properties = DeviceProps.FromString(read.devicePairingData.deviceProps)
    assert (properties.os, properties.platformType) == ("Kopi", DeviceProps.CHROME)
    assert (properties.historySyncConfig.recentSyncDaysLimit, properties.requireFullSync) == (1, False)
    assert read.userAgent.appVersion.tertiary == 7


@pytest.mark.subprocess
def test_the_registration_is_the_library_s_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    payloads: asyncio.Queue[bytes] = asyncio.Queue()

    def heard(payload: bytes) -> Any:
        payloads.put_nowait(payload)
        return read_payload(payload)

    monkeypatch.setattr(visit, "read_payload", heard)

    async def library_s() -> bytes:
        async with loopback(tmp_path / "wa") as wa:
            environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | wa.whatsapp.client_environment()
            environment["PYTHONPATH"] += os.pathsep + str(ROOT)
            module = "tests.worker.linking.register"
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, str(tmp_path / "device.db"), env=environment, cwd=ROOT, stdout=2
            )
            try:
                return await asyncio.wait_for(payloads.get(), PATIENCE_S)
            finally:
                process.kill()
                await process.wait()

    theirs, their_fields = masked(asyncio.run(library_s()))
    ours, our_fields = masked(registration(DeviceKeys(), Appearance()))
    if ours != theirs:
        # Names each difference, which bytes wouldn't.
        assert str(our_fields.userAgent) == str(their_fields.userAgent)
        mine, other = (fields.devicePairingData for fields in (our_fields, their_fields))
        assert str(DeviceProps.FromString(mine.deviceProps)) == str(DeviceProps.FromString(other.deviceProps))
        assert mine.buildHash == other.buildHash
        for fields in (our_fields, their_fields):
            fields.ClearField("devicePairingData")
        assert str(our_fields) == str(their_fields)
    assert ours == theirs


def test_the_version_is_that_of_the_installed_library() -> None:
    """It stands once in the library: two numbers that never change, and the one that does."""
    spec = find_spec("neonize")
    assert spec
    assert spec.submodule_search_locations
    (library,) = Path(spec.submodule_search_locations[0]).glob("neonize-*.so")
    pattern = b"".join(number.to_bytes(4, "little") for number in VERSION[:2])
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = {
            int.from_bytes(data[one.end() : one.end() + 4], "little") for one in re.finditer(re.escape(pattern), data)
        }
    assert VERSION[2] in found
    assert {number for number in found if 1_000_000_000 < number < 1_500_000_000} == {VERSION[2]}
