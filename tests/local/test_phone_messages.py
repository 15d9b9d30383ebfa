"""The phones' verbs for messages of every type, and the page that describes them, against a running loopback WhatsApp."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.local.test_phone import fronted
from tests.local.test_phone_chat import ANA, BO, phones
from tests.whatsapp_server.devices import loopback

pytestmark = pytest.mark.subprocess

PAGE = Path("docs/phones.md")
CHAT = ("--from", ANA, "--to", BO)


def test_the_page_about_phones_runs_as_it_stands(tmp_path: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    script = "set -euo pipefail\n" + "\n".join(blocks).replace(".venv/bin/python", sys.executable)

    async def story() -> None:
        async with loopback(tmp_path / "wa") as wa, fronted(wa.whatsapp) as port:
            process = await asyncio.create_subprocess_exec(
                "bash", "-c", script, cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "PORT": str(port), "NO_PROXY": "*"},
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            out, err = await asyncio.wait_for(process.communicate(), 240)
            assert process.returncode == 0, err.decode()
            shown = out.decode()
            assert '"votes": {\n    "628987654321": [\n      "Ten"' in shown
            assert re.search(r"\(image 3A[0-9A-F]+\) The view\n", shown)
            assert "Coffee at ten? [👍] (deleted)" in shown
            assert "628987654321: online, composing" in shown
            files = (await wa.get("media"))["files"]
            assert {one["kept"] for one in files} == {False}

    asyncio.run(story())


def test_a_picture_is_sent_with_what_a_phone_says_of_it(tmp_path: Path) -> None:
    async def story() -> None:
        Image.new("RGB", (640, 480), "teal").save(tmp_path / "photo.png")
        async with phones(tmp_path) as phone:
            await phone("add", BO)
            sent = await phone("send-image", *CHAT, "photo.png", "--caption", "Senja")
            assert (sent.code, sent.err) == (0, "")
            name = sent.out.split()[-1].rstrip(".")
            shown = json.loads((await phone("show", ANA, name)).out)
            content = shown["content"]
            assert (content["mimetype"], content["width"], content["height"]) == ("image/png", 640, 480)
            assert content["thumbnail"].startswith("/9j/")
            saved = await phone("save-media", ANA, name, "saved.png")
            size = (tmp_path / "photo.png").stat().st_size
            assert (saved.code, saved.out) == (0, f"Wrote {size} bytes into saved.png.\n")
            assert (tmp_path / "saved.png").read_bytes() == (tmp_path / "photo.png").read_bytes()

    asyncio.run(story())


def test_what_cant_be_sent_or_saved_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with phones(tmp_path) as phone:
            await phone("add", BO)
            for words, sentence in (
                (("send-image", *CHAT, "none.png"), "There is no file none.png.\n"),
                (("send-document", *CHAT, "none.csv"), "none.csv can't be read: No such file or directory.\n"),
                (("vote", *CHAT, "--id", "3A00", "Ten"), f"{ANA} has no such message in its chat with {BO}.\n"),
                (("show", BO, "3A00"), f"{BO} has no such message.\n"),
                (("save-media", BO, "3A00", "x"), f"{BO} has no such message.\n"),
                (("hang-up", BO, "00"), f"{BO} has no call 00 that rings.\n"),
            ):
                told = await phone(*words)
                assert (told.code, told.out, told.err) == (1, "", sentence)

    asyncio.run(story())
