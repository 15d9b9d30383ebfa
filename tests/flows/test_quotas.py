"""A tenant's quota of running sessions, with real workers: a slot is free when the session has come to rest."""

from collections.abc import Callable

from infra.local.client import Stack, eventually

FIRST, SECOND = "6281230000001", "6281230000002"


def test_another_session_runs_when_one_has_stopped(own_stack: Callable[..., Stack]) -> None:
    stack = own_stack(WORKERS_PER_TENANT="1", SESSIONS_PER_TENANT="2", STANDBY_MIN="0")
    stack.start()
    stack.link(FIRST)
    assert stack.post("/api/sessions", {"phone": SECOND}).status_code == 201
    third = stack.post("/api/sessions", {"phone": "6281230000003"})
    assert (third.status_code, third.json()["code"]) == (403, "SESSION_QUOTA_EXCEEDED")
    refused = stack.post(f"/api/sessions/{SECOND}/connect")
    assert (refused.status_code, refused.json()["code"]) == (403, "WORKER_QUOTA_EXCEEDED")
    assert stack.session(SECOND)["status"] == "CREATED"
    assert stack.post(f"/api/sessions/{FIRST}/connect").status_code == 200, "it runs already"
    assert stack.post(f"/api/sessions/{FIRST}/disconnect").status_code == 200
    eventually(lambda: stack.post(f"/api/sessions/{SECOND}/connect").status_code == 200)
    stack.until(SECOND, "SCAN_QR")
    assert stack.post(f"/api/sessions/{FIRST}/connect").json()["code"] == "WORKER_QUOTA_EXCEEDED"
    assert stack.delete(f"/api/sessions/{SECOND}").ok
    eventually(lambda: stack.post(f"/api/sessions/{FIRST}/connect").status_code == 200)
    stack.until(FIRST, "CONNECTED")
