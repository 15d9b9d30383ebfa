"""The loopback WhatsApp as a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.subprocess


def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.whatsapp_server", "--state", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            ready = json.loads(process.stdout.readline())
            with urllib.request.urlopen(f"{ready['control']}/phones", timeout=60) as answer:
                assert json.load(answer)["phones"] == []
            assert set(ready["environment"]) == {
                "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "LOOPBACK_WHATSAPP_ROOT_KEY", "PYTHONPATH",
            }  # fmt: skip
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
