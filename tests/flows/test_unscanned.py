"""Codes that nobody scans."""

import pytest

from infra.local.client import Stack, next_frame
from infra.whatsapp_server.codes import FULL_LIST


@pytest.mark.timeout(400)
def test_codes_that_nobody_scans_rotate_and_in_the_end_the_session_stops_until_asked_again(
    stack: Stack, number: str
) -> None:
    # Fewer codes a round than WhatsApp's six: each is shown for twenty seconds.
    stack.network("faults/refs", {"count": 1})
    try:
        stack.begin(number)
        with stack.watch(number) as socket:
            codes = [next_frame(socket, "qr", within=90)["qr"] for _ in range(3)]
            assert len(set(codes)) == 3
            next_frame(socket, "qr_timeout", within=90)
    finally:
        stack.network("faults/refs", {"count": FULL_LIST})
    session = stack.until(number, "STOPPED")
    assert session["reason"] == "qr_timeout"
    assert stack.get(f"/api/sessions/{number}/qr").json()["code"] == "SESSION_STOPPED"
    stack.post(f"/api/sessions/{number}/connect")
    assert stack.scan(stack.code(number), number).status_code == 200
    stack.until(number, "CONNECTED")
