"""Pictures of a code, read back by a real decoder."""

import re

import pytest
import qrcode
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chalicelib.domain import picture

A_CODE = "https://wa.me/settings/linked_devices#2@" + "x" * 180


def a_matrix(text: str) -> str:
    code = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_L, mask_pattern=0)
    code.add_data(text)
    code.make(fit=True)
    return "\n".join("".join("1" if dark else "0" for dark in row) for row in code.get_matrix())


def read(dark: list[list[bool]]) -> str:
    image = Image.new("L", (len(dark[0]), len(dark)), 255)
    image.putdata([0 if module else 255 for row in dark for module in row])
    large = image.resize((image.width * 6, image.height * 6), Image.Resampling.NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    return found.text


def rows_of_ascii(text: str) -> list[list[bool]]:
    """Dark where nothing is drawn, as in a dark terminal."""
    rows: list[list[bool]] = []
    for line in text.splitlines():
        rows += [[half in "▄ " for half in line], [half in "▀ " for half in line]]
    return rows


def rows_of_svg(text: str) -> list[list[bool]]:
    size = int(re.search(r'viewBox="0 0 (\d+) ', text)[1])  # type: ignore[index]
    rows = [[False] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", text):
        for column in range(int(x), int(x) + int(width)):
            rows[int(y)][column] = True
    return rows


@settings(max_examples=15, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789@,/+=", min_size=1, max_size=240))
def test_half_blocks_can_be_scanned(text: str) -> None:
    assert read(rows_of_ascii(picture.ascii_art(a_matrix(text)))) == text


@settings(max_examples=15, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789@,/+=", min_size=1, max_size=240))
def test_an_svg_can_be_scanned(text: str) -> None:
    assert read(rows_of_svg(picture.svg(a_matrix(text)))) == text


@pytest.mark.parametrize("draw", [lambda m: rows_of_ascii(picture.ascii_art(m)), lambda m: rows_of_svg(picture.svg(m))])
def test_four_modules_of_quiet_surround_a_code(draw) -> None:
    matrix = a_matrix(A_CODE)
    rows, size = draw(matrix), len(matrix.split())
    assert not any(any(row) for row in rows[:4] + rows[size + 4 : size + 8])
    assert not any(any(row[:4]) or any(row[size + 4 :]) for row in rows[: size + 8])
    assert any(rows[4])


def test_a_terminal_line_fits_eighty_columns() -> None:
    assert max(len(line) for line in picture.ascii_art(a_matrix(A_CODE)).splitlines()) <= 80


def test_a_png_is_the_bytes_of_its_data_uri() -> None:
    assert picture.png("data:image/png;base64,iVBORw0KGgo=") == b"\x89PNG\r\n\x1a\n"
