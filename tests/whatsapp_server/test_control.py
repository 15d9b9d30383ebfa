"""The phones' HTTP routes refuse what is wrong with a sentence and a code."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.whatsapp_server.devices import NUMBER, loopback

WHITE = "R0lGODlhAQABAPAAAP///wAAACwAAAAAAQABAAACAkQBADs="
"""A picture of one pixel."""


@pytest.mark.parametrize(
    ("path", "fields", "status", "code"),
    [
        ("phones/scan", {}, 400, "bad_request"),
        ("phones/scan", {"code": 5, "number": NUMBER}, 400, "bad_request"),
        ("phones/scan", {"code": "hello", "number": NUMBER}, 400, "foreign_code"),
        ("phones/scan", {"picture": "hello!", "number": NUMBER}, 400, "bad_request"),
        ("phones/scan", {"picture": "aGVsbG8=", "number": NUMBER}, 422, "nothing_to_see"),
        ("phones/scan", {"picture": WHITE, "number": NUMBER}, 422, "nothing_to_see"),
        (f"phones/{NUMBER}/unlink", {}, 404, "unknown_phone"),
        (f"phones/{NUMBER}/drop", {}, 404, "unknown_phone"),
        ("phones/12/drop", {}, 400, "wrong_number"),
        ("faults/refs", {"count": 0}, 400, "bad_request"),
        ("faults/refs", {"count": True}, 400, "bad_request"),
        ("faults/failure", {"reason": 7}, 400, "bad_request"),
        ("faults/push-refs", {}, 409, "nothing_waits"),
        ("faults/close-unpaired", {}, 409, "nothing_waits"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, path: str, fields: dict[str, object], status: int, code: str
) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa:
            answered, answer = await wa.post(path, **fields)
            assert (answered, answer["code"]) == (status, code)
            assert answer["error"].endswith(".")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/x-www-form-urlencoded", b"", 415),
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b"\xff", 400),
        ("application/json", b"[" * 100_000, 400),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(tmp_path: Path, kind: str, body: bytes, status: int) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa, aiohttp.ClientSession() as http:
            headers = {"Content-Type": kind}
            async with http.post(f"{wa.address}/phones/scan", data=body, headers=headers) as answer:
                assert answer.status == status
                assert "error" in await answer.json()

    asyncio.run(story())


def test_nothing_was_asked_for_before_a_client_came(tmp_path: Path) -> None:
    async def story() -> None:
        async with loopback(tmp_path) as wa:
            assert await wa.get("hosts") == {"asked": {}, "refused": {}}
            assert await wa.get("phones") == {"phones": [], "waiting": 0}

    asyncio.run(story())
