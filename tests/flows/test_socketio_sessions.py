"""The Socket.IO API's HTTP calls, from creation to deletion, without a credential where none is needed."""

from typing import Any

import requests

from infra.local.client import Stack, eventually


def ask(stack: Stack, name: str, what: str) -> Any:
    """What one of the three questions is answered."""
    (answer,) = requests.get(f"{stack.url}/api/sessions/{name}/{what}", timeout=40).json()["data"].values()
    return answer


def tell(stack: Stack, name: str, what: str, body: Any = None) -> requests.Response:
    return requests.post(f"{stack.url}/api/sessions/{name}/{what}", json=body, timeout=40)


def test_a_session_lives_in_the_family_s_words(stack: Stack, number: str) -> None:
    name, friend = f"lang-{number}", "628777" + number[-6:]
    assert tell(stack, name, "initialize-with-qr").ok
    eventually(lambda: ask(stack, name, "connection-state") == "UNPAIRED")
    assert (ask(stack, name, "authenticated"), ask(stack, name, "wid")) == (False, None)
    refused = tell(stack, name, "send-message", {"to": friend, "message": "Ya!"})
    assert (refused.status_code, refused.json()["isAuthenticated"]) == (409, False)

    stack.scan(stack.code(name), number)
    eventually(lambda: ask(stack, name, "connection-state") == "CONNECTED")
    assert (ask(stack, name, "authenticated"), ask(stack, name, "wid")) == (True, f"{number}@c.us")
    stack.network(f"phones/{friend}", {})
    sent = tell(stack, name, "send-message", {"to": friend, "message": "Ya!"})
    assert (sent.status_code, sent.json()["isAuthenticated"]) == (200, True)

    assert stack.post(f"/api/sessions/{name}/disconnect").ok
    assert ask(stack, name, "connection-state") == "DISCONNECTED"
    assert ask(stack, name, "authenticated"), "it is linked still"
    assert tell(stack, name, "reconnect").json()["data"]["reconnecting"]
    eventually(lambda: ask(stack, name, "connection-state") == "CONNECTED")

    eventually(lambda: stack.delete(f"/api/sessions/{name}").json().get("data", {}).get("deleted") or gone(stack, name))


def gone(stack: Stack, name: str) -> bool:
    return requests.get(f"{stack.url}/api/sessions/{name}/wid", timeout=40).status_code == 404
