"""docs/api.md names everything that callers can meet."""

import re
from pathlib import Path

from app import app
from chalicelib.api.bodies import LIMIT
from chalicelib.api.codes import DEFAULT_WAIT, FORMATS, LONGEST_WAIT
from chalicelib.dialects.enveloped_frames import WORDS
from chalicelib.domain import errors
from chalicelib.domain.edge import WEBSOCKET_PATHS
from chalicelib.domain.session import Status

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
CELLS = {cell for row in re.findall(r"^\|(.*)\|$", GUIDE, re.MULTILINE) for cell in re.findall(r"`([^`]+)`", row)}

NEVER_ANSWERED_AS_SUCH = {"CONFLICT", "NOT_FOUND"}
"""Branches of the tree whose leaves are answered."""


def test_every_route_is_there() -> None:
    assert {f"{method} {path}" for path, methods in app.routes.items() for method in methods} <= CELLS


def test_every_error_is_there_with_its_status() -> None:
    tree = {
        (kind.code, kind.status)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.GatewayError)
    }
    told = {(code, int(status)) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", GUIDE, re.MULTILINE)}
    assert told == {(code, status) for code, status in tree if code not in NEVER_ANSWERED_AS_SUCH}


def test_every_frame_and_form_is_there() -> None:
    assert set(WORDS.values()) | set(FORMATS) <= CELLS
    assert all(path in GUIDE for path, _ in WEBSOCKET_PATHS)


def test_every_status_is_there() -> None:
    assert all(re.search(rf"\b{status}\b", GUIDE) for status in Status)


def test_the_numbers_are_the_codes_own() -> None:
    assert f"0 to {LONGEST_WAIT:g}; {DEFAULT_WAIT:g} if you don't say" in GUIDE
    assert f"a body may have {LIMIT // 1024} KB" in GUIDE
