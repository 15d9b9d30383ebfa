"""Codes as pictures, read by a real decoder, and the counting of them in one scan round."""

import base64
from io import BytesIO

import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chalicelib.worker.session.service import Round, render

CODE = (
    "https://wa.me/settings/linked_devices#2@"
    + "A1b2/+" * 22
    + ","
    + "k" * 43
    + "=,"
    + "i" * 43
    + "=,"
    + "s" * 43
    + "=,1"
)


def seen(image: str) -> str:
    kind, _, data = image.partition(",")
    assert kind == "data:image/png;base64"
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(base64.b64decode(data))))
    return code.text


def test_a_phone_reads_the_clients_text_from_the_picture() -> None:
    assert seen(render(CODE, attempt=1, now=0).image) == CODE


def test_the_picture_is_small_and_black_and_white() -> None:
    picture = Image.open(BytesIO(base64.b64decode(render(CODE, attempt=1, now=0).image.partition(",")[2])))
    assert picture.mode == "1"
    assert len(render(CODE, attempt=1, now=0).image) < 2_500


def test_the_modules_say_the_same_as_the_picture_without_its_quiet_zone() -> None:
    rows = render(CODE, attempt=1, now=0).matrix.split("\n")
    assert {len(row) for row in rows} == {len(rows)}
    assert rows[0].startswith("1111111")
    drawn = Image.new("1", (len(rows) + 8, len(rows) + 8), 1)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            drawn.putpixel((x + 4, y + 4), module == "0")
    (code,) = zxingcpp.read_barcodes(drawn.resize((drawn.width * 4, drawn.height * 4)))
    assert code.text == CODE


def test_the_first_code_lasts_a_minute_and_each_other_one_twenty_seconds() -> None:
    assert [render(CODE, attempt=n, now=1_000).expires_at for n in (1, 2, 6)] == [61_000, 21_000, 21_000]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=40, max_size=320))
@settings(max_examples=20)
def test_any_text_comes_through(code: str) -> None:
    assert seen(render(code, attempt=1, now=0).image) == code


NOW = 1_000_000


def test_codes_are_counted_from_one() -> None:
    scan = Round()
    assert [scan.show("code", NOW).attempt for _ in range(3)] == [1, 2, 3]


def test_a_client_that_dies_before_its_code_expires_did_not_run_out() -> None:
    scan = Round()
    scan.show("code", NOW)
    assert not scan.ran_out(NOW + 58_000)
    assert scan.ran_out(NOW + 60_000)


def test_a_client_that_never_showed_a_code_did_not_run_out_of_them() -> None:
    assert not Round().ran_out(NOW)


def test_what_the_client_says_itself_counts() -> None:
    scan = Round()
    scan.show("code", NOW)
    scan.over = True
    assert scan.ran_out(NOW + 20_000)
