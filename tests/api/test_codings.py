"""Compressed bodies, inflated by whoever stands before the function or not."""

import gzip
import json
import zlib

import pytest

from chalicelib.api.received import LIMIT
from tests.api.conftest import Caller, World

BODY = json.dumps({"phone": "6281234567890", "name": "Toko"}).encode()
PATH = "/api/sessions"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("GZIP", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
    ],
)
def test_a_compressed_body_is_read(ana: Caller, coding: str, body: bytes) -> None:
    answer = ana("POST", PATH, body, Content_Encoding=coding)
    assert (answer.status, answer.json["data"]["name"]) == (201, "Toko")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_one_that_was_inflated_on_the_way_is_read_though_the_header_is_still_there(ana: Caller, coding: str) -> None:
    assert ana("POST", PATH, BODY, Content_Encoding=coding).status == 201


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "compress"])
def test_what_nobody_here_can_read_is_refused_by_name(world: World, ana: Caller, coding: str) -> None:
    answer = ana("POST", PATH, b"\x01\x02", Content_Encoding=coding)
    assert (answer.status, answer.json["code"]) == (415, "UNSUPPORTED_CONTENT_ENCODING")
    assert coding in answer.json["error"]
    assert not world.stores.sessions.rows


def test_one_whose_name_is_no_text_is_refused_without_it(world: World, ana: Caller) -> None:
    # What bytes of a header that are no UTF-8 are read as.
    answer = ana("POST", PATH, BODY, Content_Encoding="gz\udced\udca0")
    assert (answer.status, answer.json["code"]) == (415, "UNSUPPORTED_CONTENT_ENCODING")
    assert not world.stores.sessions.rows


@pytest.mark.parametrize("body", [gzip.compress(BODY, mtime=0)[:-9], gzip.compress(BODY, mtime=0)[:12] + b"x" * 40])
def test_one_that_is_not_whole_is_refused(world: World, ana: Caller, body: bytes) -> None:
    answer = ana("POST", PATH, body, Content_Encoding="gzip")
    assert (answer.status, answer.json["code"]) == (400, "INVALID_REQUEST")
    assert "not whole" in answer.json["error"]
    assert not world.stores.sessions.rows


def test_one_that_inflates_to_more_than_the_limit_is_refused(world: World, ana: Caller) -> None:
    bomb = gzip.compress(b" " * 300 * LIMIT)
    assert len(bomb) < LIMIT
    answer = ana("POST", PATH, bomb, Content_Encoding="gzip")
    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")
    assert not world.stores.sessions.rows
