"""Idempotency-Keys over HTTP, with the table, the secret and the roles of the whole stack."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from infra.local.client import Stack


def post(stack: Stack, path: str, body: dict[str, Any], key: str) -> requests.Response:
    headers = {**stack.headers, "Idempotency-Key": key}
    return requests.post(stack.url + path, json=body, headers=headers, timeout=40)


def test_twins_create_one_session_and_are_told_the_same(stack: Stack, number: str) -> None:
    body = {"phone": number, "webhook_url": "http://127.0.0.1:9/hook", "enabled": False}

    def create(_: int) -> tuple[int, str, str]:
        answer = post(stack, "/api/sessions", body, f"create-{number}")
        data = answer.json()["data"]
        return answer.status_code, data["id"], data["webhook_secret"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(create, range(4)))
    assert answers == [answers[0]] * 4
    assert answers[0][:2] == (201, number)
    other = post(stack, "/api/sessions", body | {"name": "B"}, f"create-{number}")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_twins_make_one_api_key_and_both_can_use_it(stack: Stack, number: str) -> None:
    def make(_: int) -> str:
        answer = post(stack, "/api/auth/api-key", {"session_id": number}, f"key-{number}")
        return str(answer.json()["data"]["api_key"])

    with ThreadPoolExecutor(4) as pool:
        (secret,) = set(pool.map(make, range(4)))
    assert requests.get(f"{stack.url}/api/sessions", headers={"X-API-Key": secret}, timeout=40).status_code == 200
    keys = stack.get("/api/auth/api-key").json()["data"]["keys"]
    assert len([key for key in keys if key["session_id"] == number]) == 1
    assert secret not in stack.log()
