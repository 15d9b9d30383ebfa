"""What several tests of the loopback WhatsApp's parts begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.whatsapp_server.storage import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "messages.db")
    opened.open()
    yield opened
    opened.close()
