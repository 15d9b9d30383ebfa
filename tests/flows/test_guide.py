"""The API guide's examples, run as they stand."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.client import ROOT, Stack

EXAMPLES = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)

ONE_OF_EACH = 12
"""Messages that the guide sends in a loop, and that all are accepted."""


def test_the_guides_examples_do_what_they_say(stack: Stack, number: str, tmp_path: Path) -> None:
    assert shutil.which("jq"), "The examples need jq: apt-get install jq, or brew install jq"
    changes = {"8080": str(stack.port), "6281234567890": number, "qr-code.png": str(tmp_path / "qr-code.png")}
    script = "\n".join(EXAMPLES).replace(".venv/bin/python", sys.executable)
    for said, meant in changes.items():
        script = script.replace(said, meant)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin",
            "PORT": str(stack.port),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert stack.until(number, "CONNECTED")["logged_in"]
    assert len(re.findall(r'^\["[a-z]+","[a-z]+",null\]$', done.stdout, re.MULTILINE)) == ONE_OF_EACH, done.stdout
    assert '"state": "stored",\n  "size": 5000000' in done.stdout
    assert '"message":"Connection initiated"' in done.stdout
    assert '"sessionId": "shop.7",\n  "status": "pending"' in done.stdout
    assert '"message":"Session deleted successfully","sessionId":"shop.7"' in done.stdout
    assert re.search(r'"message_id": "3EB0[0-9A-F]+"', done.stdout), "the message was acknowledged"
    assert '"message": "Hello from API!"' in done.stdout
    assert "████ ▄▄▄▄▄ █" in done.stdout
    assert done.stdout.rstrip().endswith('"hint":"Write it with its country code, such as +6281234567890."}')
