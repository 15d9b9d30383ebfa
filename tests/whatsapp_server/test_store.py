"""Accounts in their file."""

import asyncio
import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wire.curve25519 import KeyPair
from infra.whatsapp_server.accounts import Account, Device, PreKey, from_record, to_record
from infra.whatsapp_server.storage import DELAY_S, Store

key = st.binary(min_size=32, max_size=32)
signed = st.builds(PreKey, st.binary(min_size=3, max_size=3), key, st.binary(max_size=64))
onetime = st.builds(PreKey, st.binary(min_size=3, max_size=3), key)
number = st.integers(1, 99)
devices = st.builds(
    Device, number, key, key, st.binary(max_size=4), signed, st.text(), number, st.lists(onetime, max_size=3)
)
accounts = st.builds(
    Account, st.text(), st.text(), key.map(KeyPair.from_private), number, st.text(), number,
    st.lists(devices, max_size=3).map(lambda found: {device.number: device for device in found}),
)  # fmt: skip


@given(accounts)
def test_an_account_comes_back_from_its_record(account: Account) -> None:
    assert from_record(to_record(account)) == account


def stored(directory: Path) -> list[str]:
    return [account.name for account in Store(directory / "whatsapp.json").accounts]


def test_a_flushed_change_is_in_the_file(tmp_path: Path) -> None:
    async def story() -> None:
        store = Store(tmp_path / "whatsapp.json")
        account = store.accounts.opened("6281234567890", "Ana", 7)
        store.changed()
        await store.close()
        assert list(Store(tmp_path / "whatsapp.json").accounts) == [account]
        assert stat.S_IMODE((tmp_path / "whatsapp.json").stat().st_mode) == 0o600

    asyncio.run(story())


def test_changes_are_written_soon_and_as_one(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    async def story() -> None:
        store = Store(tmp_path / "whatsapp.json")
        for name in ("Ana", "Bo"):
            store.accounts.opened("6281234567890", name, 7)
            store.changed()
        seen.append(stored(tmp_path))
        async with asyncio.timeout(10):
            while not stored(tmp_path):  # noqa: ASYNC110  # a file has no event
                await asyncio.sleep(DELAY_S / 10)
        seen.append(stored(tmp_path))
        await store.close()

    asyncio.run(story())
    assert seen == [[], ["Bo"]]


def test_without_a_change_nothing_is_written(tmp_path: Path) -> None:
    async def story() -> None:
        await Store(tmp_path / "whatsapp.json").close()

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []
