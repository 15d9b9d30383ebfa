"""What tests of linking share: the tables that the client library makes."""

import os
import subprocess
import sys

import pytest

from tests.whatsapp_server.devices import ROOT

MAKES = """
import os, sys
from pathlib import Path
from chalicelib.worker.whatsapp.whatsmeow import empty_store
Path(sys.argv[1]).write_bytes(empty_store())
os._exit(0)
"""


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with the library's tables, made by a process of its own: the library never leaves one."""
    file = tmp_path_factory.mktemp("empty") / "empty.db"
    environment = {"PATH": os.environ["PATH"], "HOME": str(file.parent)}
    subprocess.run([sys.executable, "-c", MAKES, file], cwd=ROOT, env=environment, check=True, capture_output=True)
    return file.read_bytes()
