"""docs/api.md names everything that callers can meet."""

import re
from pathlib import Path

import pytest

from app import app
from chalicelib.api.codes import DEFAULT_WAIT, FORMATS, LONGEST_WAIT
from chalicelib.api.pages import FEW, MOST
from chalicelib.api.received import LIMIT
from chalicelib.config import settings
from chalicelib.dialects import websocket_paths
from chalicelib.dialects.enveloped.frames import WORDS
from chalicelib.dialects.enveloped.messages import WORDS as MESSAGE_WORDS
from chalicelib.dialects.enveloped.messages import message
from chalicelib.dialects.shared import LARGEST_PUSH
from chalicelib.dialects.socketio import frames as socketio
from chalicelib.domain import errors
from chalicelib.domain.access import MOST_KEYS
from chalicelib.domain.invitations import MOST_OPEN, MOST_TICKETS, MOST_WATCHING
from chalicelib.domain.messages import KEPT, MAX_TEXT, MAX_TEXT_BYTES, MessageStatus
from chalicelib.domain.questions import LASTS, PLACES
from chalicelib.domain.session import Status
from chalicelib.domain.watchers import MOST_ROOMS, POLL
from chalicelib.services.messages.outbox import EXPIRY, PATIENCE
from chalicelib.services.sessions.sessions import LOOKED_THROUGH
from tests.makers import a_message

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
CELLS = {cell for row in re.findall(r"^\|(.*)\|$", GUIDE, re.MULTILINE) for cell in re.findall(r"`([^`]+)`", row)}

NEVER_ANSWERED_AS_SUCH = {"CONFLICT", "INVITATION_OVER", "UNFIT"}
"""Branches of the tree whose leaves are answered."""


def test_every_route_is_there() -> None:
    everywhere = {"OPTIONS", "HEAD"}
    routes = {
        f"{method} {path}" for path, methods in app.routes.items() for method in methods if method not in everywhere
    }
    assert routes <= CELLS


def test_every_error_is_there_with_its_status() -> None:
    tree = {
        (kind.code, kind.status)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.GatewayError)
    }
    told = {(code, int(status)) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", GUIDE, re.MULTILINE)}
    assert told == {(code, status) for code, status in tree if code not in NEVER_ANSWERED_AS_SUCH}


def test_every_frame_and_form_is_there() -> None:
    assert set(WORDS.values()) | set(MESSAGE_WORDS.values()) | set(FORMATS) <= CELLS
    assert all(path in GUIDE for path, _ in websocket_paths())


def test_socket_io_s_words_and_bounds_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARRIVALS_PER_MINUTE", raising=False)
    words = {socketio.QR_CODE, socketio.STATUS_UPDATE, socketio.SESSION_COMPLETE, socketio.JOIN, socketio.LEAVE}
    assert words | set(socketio.STATUSES) <= CELLS
    assert f"{settings.__wrapped__().arrivals_per_minute} clients may connect a minute" in GUIDE
    assert f"one client may follow {MOST_ROOMS} sessions" in GUIDE
    assert (socketio.LASTING, POLL) == (30_000, 20), "the guide says 30 seconds, and 20"


def test_every_status_is_there() -> None:
    assert all(re.search(rf"\b{status}\b", GUIDE) for status in Status)
    assert {str(status) for status in MessageStatus} <= CELLS


def test_the_numbers_are_the_codes_own() -> None:
    assert f"0 to {LONGEST_WAIT:g}; {DEFAULT_WAIT:g} if you don't say" in GUIDE
    assert f"a body may have {LIMIT // 1024} KB" in GUIDE
    assert f"text of {MAX_TEXT} characters at most" in GUIDE
    assert f"of {MAX_TEXT_BYTES} bytes in UTF-8" in GUIDE
    assert GUIDE.count(f"would make a frame of more than {LARGEST_PUSH // 1024} KB") == 2
    assert f"(1 to {MOST}, else {FEW})" in GUIDE
    assert (PATIENCE, EXPIRY, KEPT) == (10, 120_000, 7 * 86_400_000), "the guide says ten seconds, two minutes, a week"


def test_the_pace_is_the_setting_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEND_BURST", raising=False)
    monkeypatch.delenv("SEND_PER_MINUTE", raising=False)
    here = settings.__wrapped__()
    assert f"sends {here.send_burst} messages at once and {here.send_per_minute} a minute" in GUIDE


def test_the_bounds_of_questions_are_the_code_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASK_BURST", raising=False)
    monkeypatch.delenv("ASK_PER_MINUTE", raising=False)
    here, said = settings.__wrapped__(), " ".join(GUIDE.split())
    assert f"asks {here.ask_burst} questions at once and {here.ask_per_minute} a minute" in said
    assert f"{PLACES} may wait for their answers" in said
    assert f"among a tenant's first {LOOKED_THROUGH:,}" in said
    assert LASTS == 10_000, "the guide says ten seconds"


def test_the_fields_of_a_message_are_there() -> None:
    told = set(re.findall(r"\w+", GUIDE[GUIDE.index("A message is `{") :].partition("}")[0]))
    assert set(message(a_message(error_code="refused"))) <= told


def test_the_quotas_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SESSIONS", "WORKERS", "USERS", "KEYS"):
        monkeypatch.delenv(f"{name}_PER_TENANT", raising=False)
    monkeypatch.delenv("TICKETS_PER_MINUTE", raising=False)
    here = settings.__wrapped__()
    for what, most in {
        "sessions": here.sessions_per_tenant,
        "sessions that run at a time": here.workers_per_tenant,
        "users": here.users_per_tenant,
        "API keys": f"{here.keys_per_tenant}, and {MOST_KEYS} a user",
        "links for the phone's holder that are good at a time": f"{MOST_OPEN} a session",
        "tickets a minute": here.tickets_per_minute,
    }.items():
        assert f"| {what} | {most} |" in GUIDE
    assert (MOST_TICKETS, MOST_WATCHING) == (10, 10), "the guide says 10 of each"
