"""Codes read from pictures."""

from pathlib import Path

import pytest
import qrcode
from PIL import Image

from infra.whatsapp_server.camera import read_code
from infra.whatsapp_server.errors import NothingToSee

TEXT = "https://wa.me/settings/linked_devices#2@" + "Ab1+/=," * 38


@pytest.mark.parametrize("form", ["png", "jpeg", "gif"])
def test_a_code_is_read_from_a_picture(tmp_path: Path, form: str) -> None:
    picture = tmp_path / f"code.{form}"
    qrcode.make(TEXT).convert("RGB").save(picture)
    assert read_code(picture) == TEXT


def test_a_photograph_of_a_screen_will_do(tmp_path: Path) -> None:
    code = qrcode.make(TEXT).convert("RGB").rotate(7, expand=True, fillcolor="white")
    screen = Image.new("RGB", (code.width + 300, code.height + 200), "#345")
    screen.paste(code, (150, 100))
    screen.save(tmp_path / "photo.png")
    assert read_code(tmp_path / "photo.png") == TEXT


def test_a_picture_without_a_code_shows_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100), "white").save(tmp_path / "white.png")
    with pytest.raises(NothingToSee, match="no QR code"):
        read_code(tmp_path / "white.png")


def test_what_is_no_picture_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello", encoding="utf-8")
    with pytest.raises(NothingToSee, match="not a picture"):
        read_code(tmp_path / "text.png")
