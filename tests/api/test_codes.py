"""`GET …/qr`: the forms of a code, and why there is none."""

from typing import Any

import pytest

from chalicelib.domain.session import Desired, Reason, Status, sentence
from tests.api.conftest import Caller, World
from tests.makers import a_code, a_running_session, a_session

PATHS = pytest.mark.parametrize("path", ["/api/sessions/ana/qr", "/sessions/ana/qr"])


def a_shown_code(world: World) -> None:
    code = a_code(expires_at=world.clock.now + 20_000)
    world.put(a_running_session(status=Status.SCAN_QR, qr=code))


@PATHS
@pytest.mark.parametrize("accept", [None, "image/avif,image/webp,image/png,*/*;q=0.8", "text/html", "application/json"])
@pytest.mark.parametrize(
    ("form", "content_type", "begins"),
    [
        ("png", "image/png", b"\x89PNG"),
        ("svg", "image/svg+xml", b"<svg "),
        ("ascii", "text/plain; charset=utf-8", "█".encode()),
        ("raw", "text/plain; charset=utf-8", b"2@ref,noise,identity,secret,1"),
    ],
)
def test_every_form_gets_through_whatever_is_accepted(
    *, world: World, ana: Caller, path: str, accept: str | None, form: str, content_type: str, begins: bytes
) -> None:
    a_shown_code(world)
    answer = ana("GET", f"{path}?format={form}", **({"Accept": accept} if accept else {}))
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.content.startswith(begins)
    assert answer.headers["Cache-Control"] == "no-store"


@PATHS
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=gif", "format"),
        ("format=", "format"),
        ("wait=-1", "wait"),
        ("wait=26", "wait"),
        ("wait=nan", "wait"),
        ("wait=1e9", "wait"),
        ("wait=", "wait"),
        ("wait=٣", "wait"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(ana: Caller, path: str, query: str, field: str) -> None:
    answer = ana("GET", f"{path}?{query}")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "INVALID_FIELD", field)


@PATHS
@pytest.mark.parametrize(
    ("query", "waited"), [("", 20_000), ("?wait=0", 0), ("?wait=2.5", 2_500), ("?wait=25", 25_000)]
)
def test_it_waits_as_long_as_it_is_told(world: World, ana: Caller, path: str, query: str, waited: int) -> None:
    world.put(a_running_session(status=Status.STARTING))
    begun = world.clock.now
    answer = ana("GET", path + query)
    assert (answer.status, answer.json["code"]) == (503, "QR_NOT_READY")
    assert int(answer.headers["Retry-After"]) > 0
    assert world.clock.now - begun == waited


@PATHS
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"status": Status.CONNECTED}, "ALREADY_CONNECTED"),
        ({"status": Status.PASSKEY_REQUIRED, "observed_generation": 1, "message": "…"}, "PASSKEY_REQUIRED"),
        ({"status": Status.FAILED, "observed_generation": 1, "message": "…"}, "SESSION_FAILED"),
        ({"status": Status.STOPPED, "desired": Desired.STOPPED, "observed_generation": 1}, "SESSION_STOPPED"),
    ],
)
def test_it_says_why_there_is_no_code(world: World, ana: Caller, path: str, state: dict[str, Any], code: str) -> None:
    world.put(a_running_session(**state))
    begun = world.clock.now
    answer = ana("GET", path)
    assert (answer.status, answer.json["code"]) == (409, code)
    assert answer.json["error"]
    assert world.clock.now == begun


@PATHS
@pytest.mark.parametrize("reason", [Reason.REQUESTED, Reason.UNLINKED_BY_OWNER])
def test_an_owner_is_not_told_what_it_asked_for_but_what_to_do(
    world: World, ana: Caller, path: str, reason: Reason
) -> None:
    stopped = {"status": Status.STOPPED, "desired": Desired.STOPPED, "observed_generation": 1}
    world.put(a_running_session(**stopped, reason=reason, message=sentence(reason)))
    answer = ana("GET", path)
    assert (answer.json["error"], answer.json["hint"]) == ("The session isn't running.", "Connect it first.")


@PATHS
def test_a_session_that_was_never_started_has_none(world: World, ana: Caller, path: str) -> None:
    world.put(a_session())
    assert ana("GET", path).json["code"] == "SESSION_STOPPED"
