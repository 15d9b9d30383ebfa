"""Clients that aren't ours, as they come to a whole stack: forms, monitors, slashes, addresses that aren't there."""

import json

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app import app
from infra.local.client import Phone, Stack, eventually

PAGE = "http://localhost:3000"
"""An origin that the local stack lists."""


@pytest.mark.parametrize("form", ["data", "files"])
def test_a_workflow_tool_s_form_logs_in_creates_and_sends(
    stack: Stack, account: str, friend: Phone, number: str, form: str
) -> None:
    def post(path: str, **fields: str) -> requests.Response:
        address, headers = stack.url + path, stack.headers
        if form == "data":
            return requests.post(address, data=fields, headers=headers, timeout=40)
        # As ``files``, requests sends multipart; a field without a file's name is no file.
        parts = {name: (None, value) for name, value in fields.items()}
        return requests.post(address, files=parts, headers=headers, timeout=40)

    assert post("/api/auth/login", username="admin", password="admin123").status_code == 200
    created = post("/api/sessions", phone=f"+{number}", name="Läden")
    assert (created.status_code, created.json()["data"]["id"], created.json()["data"]["name"]) == (201, number, "Läden")
    sent = post(f"/api/sessions/{account}/send", to=friend.number, message="Größe & Preis = 5+5")
    assert sent.status_code == 200
    assert eventually(friend.heard) == ["Größe & Preis = 5+5"]


def test_a_number_may_be_a_json_number_and_a_mark_may_stand_before_it(
    stack: Stack, account: str, friend: Phone
) -> None:
    body = json.dumps({"to": int(friend.number), "message": "Kopi?"}).encode("utf-8-sig")
    sent = requests.post(f"{stack.url}/api/sessions/{account}/send", data=body, headers=stack.headers, timeout=40)
    assert sent.status_code == 200
    assert eventually(friend.heard) == ["Kopi?"]


@pytest.mark.parametrize(
    "path", sorted(path for path, methods in app.routes.items() if "GET" in methods and "{" not in path)
)
def test_a_monitor_s_head_is_answered_as_its_get(stack: Stack, path: str) -> None:
    query = "?EIO=4&transport=polling" if path == "/socket.io" else ""

    def ask(method: str) -> requests.Response:
        address = stack.url + path + query
        return requests.request(method, address, headers=stack.headers, timeout=40, allow_redirects=False)

    head, get = ask("HEAD"), ask("GET")
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/nowhere", 404, "NOT_FOUND"),
        ("/api/v1/nowhere/at/all", 404, "NOT_FOUND"),
        ("/whatsapp/companies/default/nowhere", 404, "NOT_FOUND"),
        ("/sessions/a/b/c", 404, "NOT_FOUND"),
        ("/nowhere", 404, "NOT_FOUND"),
        ("//elsewhere/api/sessions", 404, "NOT_FOUND"),
        ("/api/sessions", 405, "METHOD_NOT_ALLOWED"),
        ("/sessions/", 405, "METHOD_NOT_ALLOWED"),
        ("/whatsapp/companies/default/bulk", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_a_page_can_read_that_there_is_nothing(stack: Stack, path: str, status: int, code: str) -> None:
    # By hand, since requests tidies addresses up.
    asked = requests.Request("PUT", stack.url, headers={"Origin": PAGE}).prepare()
    asked.url = stack.url + path
    with requests.Session() as client:
        answer = client.send(asked, timeout=40)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert ("success" in answer.json()) == path.startswith(("/api", "/whatsapp"))


@pytest.mark.parametrize("path", ["/api/ws/{}/", "/api/sessions/{}/ws/", "/api/ws/{}", "/api/sessions/{}/ws"])
def test_a_websocket_s_address_may_end_with_a_slash(stack: Stack, account: str, path: str) -> None:
    with connect(f"ws://127.0.0.1:{stack.port}{path.format(account)}?token={stack.token}", open_timeout=60) as socket:
        assert json.loads(socket.recv(timeout=20))["snapshot"]


def test_an_api_key_is_told_why_it_opens_no_websocket(stack: Stack, account: str) -> None:
    key = stack.post("/api/auth/api-key").json()["data"]["api_key"]
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://127.0.0.1:{stack.port}/api/ws/{account}?token={key}", open_timeout=60),
    ):
        pass
    said = json.loads(refused.value.response.body)
    assert (refused.value.response.status_code, said["code"]) == (401, "UNAUTHENTICATED")
    assert "POST /api/ws-ticket" in said["hint"]


def test_the_docs_show_the_address_that_they_are_served_on(stack: Stack) -> None:
    told = requests.get(f"{stack.url}/openapi.json", timeout=40).json()
    assert f"\nURL={stack.url}\n" in told["info"]["description"]
