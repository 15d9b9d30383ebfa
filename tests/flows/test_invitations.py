"""The holder of a phone links a session by a one-time link: without a login, and without more than that."""

from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from chalicelib.domain.invitations import LASTS
from infra.local.client import Stack, eventually
from tests.flows.table import TheTable
from tests.flows.test_codes_and_passkeys import begun, typed, until
from tests.flows.test_events import events, hear, say


class Holder:
    """Whoever opened a link, with nothing but what the link says."""

    def __init__(self, url: str) -> None:
        self.gateway, _, self.secret = url.partition("/#/link/")
        self.token = ""

    def open(self) -> requests.Response:
        answer = requests.post(f"{self.gateway}/v1/invitations/exchange", json={"secret": self.secret}, timeout=40)
        if answer.ok:
            self.token = answer.json()["token"]
        return answer

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.gateway + path, json=body, headers=headers, timeout=40)


def invite(stack: Stack, name: str, **body: Any) -> dict[str, Any]:
    made = stack.post(f"/v1/sessions/{name}/invitations", body)
    assert made.status_code == 201, made.text
    return dict(made.json())


def state(stack: Stack, name: str) -> list[str]:
    return [one["state"] for one in stack.get(f"/v1/sessions/{name}/invitations").json()["data"]]


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_holder_of_a_phone_links_it_by_a_link_and_is_done_then(stack: Stack, number: str) -> None:
    assert stack.post("/v1/sessions", {"id": number, "phone": number, "start": False}).status_code == 201
    made = invite(stack, number, company={"name": "Shop", "colour": "#0a7c6b"}, language="pt")
    holder = Holder(made["url"])
    assert holder.gateway == stack.url
    opened = holder.open()
    assert opened.status_code == 200, opened.text
    assert opened.json()["company"] == {"name": "Shop", "colour": "#0a7c6b"}
    assert code(Holder(made["url"]).open()) == (410, "INVITATION_OPENED")

    # The session was started for the holder, who sees its code, and nothing of what is its owner's.
    assert holder.ask("GET", f"/v1/sessions/{number}/qr?wait=25").ok
    for method, path in (("GET", "/v1/sessions"), ("GET", f"/v1/sessions/{number}/messages"), ("GET", "/v1/me")):
        assert code(holder.ask(method, path)) == (403, "FORBIDDEN")

    ticket = holder.ask("POST", "/v1/ws-ticket", {"session": number}).json()["ticket"]
    with events(stack, f"token={ticket}") as socket:
        say(socket, subscribe={number: None, "*": None})
        told = [hear(socket) for _ in range(2)]
        assert {one["type"] for one in told} == {"subscribed", "error"}
        pairing = holder.ask("POST", f"/v1/sessions/{number}/pairing-code", {})
        assert pairing.status_code == 200, pairing.text
        linked = typed(stack, pairing.json()["code"], number)
        assert linked.ok, linked.text
        said = hear(socket)
        while said["type"] != "session.connected":
            said = hear(socket)
        assert said["data"]["phone"] == number
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)

    # For a moment the token still says that it is done, and does nothing else.
    assert holder.ask("GET", f"/v1/sessions/{number}").json()["status"] == "CONNECTED"
    assert code(holder.ask("POST", f"/v1/sessions/{number}/start")) == (403, "FORBIDDEN")
    assert state(stack, number) == ["used"]
    assert code(stack.post(f"/v1/sessions/{number}/invitations")) == (409, "ALREADY_LINKED")

    # Unlinked again, the session is no business of the holder's any more.
    assert stack.post(f"/v1/sessions/{number}/logout").ok
    until(stack, number, "LOGGED_OUT")
    assert code(holder.ask("GET", f"/v1/sessions/{number}/qr")) == (403, "FORBIDDEN")
    secrets = (holder.secret, holder.token, ticket, pairing.json()["code"])
    assert [secret for secret in secrets if secret in stack.log()] == []


def test_a_link_that_is_taken_back_is_worth_nothing_opened_or_not(stack: Stack, number: str) -> None:
    name = begun(stack, number)
    made = [invite(stack, name) for _ in range(2)]
    first, second = (Holder(one["url"]) for one in made)
    assert first.open().ok
    ticket = first.ask("POST", "/v1/ws-ticket", {}).json()["ticket"]
    with events(stack, f"token={ticket}") as socket:
        say(socket, subscribe={name: None})
        assert hear(socket)["type"] == "subscribed"
        for one in made:
            assert stack.delete(f"/v1/sessions/{name}/invitations/{one['id']}").json()["state"] == "revoked"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)
    assert code(first.ask("GET", f"/v1/sessions/{name}")) == (401, "UNAUTHENTICATED")
    assert code(second.open()) == (410, "INVITATION_REVOKED")
    assert state(stack, name) == ["revoked", "revoked"]


def test_a_link_is_worth_nothing_after_fifteen_minutes_opened_or_not(stack: Stack, number: str) -> None:
    name = begun(stack, number)
    made = [invite(stack, name) for _ in range(2)]
    first, second = (Holder(one["url"]) for one in made)
    assert first.open().ok
    for one in made:
        TheTable(stack).say_it_was_made_earlier(name, one["id"], by=LASTS)
    assert code(first.ask("GET", f"/v1/sessions/{name}")) == (401, "UNAUTHENTICATED")
    assert code(second.open()) == (410, "INVITATION_EXPIRED")
    assert state(stack, name) == ["expired", "expired"]


def test_a_link_to_a_session_that_is_deleted_is_no_link_any_more(stack: Stack, number: str) -> None:
    name = begun(stack, number)
    opened, unopened = (Holder(invite(stack, name)["url"]) for _ in range(2))
    assert opened.open().ok
    assert stack.delete(f"/v1/sessions/{name}").ok
    eventually(lambda: stack.get(f"/v1/sessions/{name}").status_code == 404)
    assert begun(stack, number) == name
    assert code(opened.ask("GET", f"/v1/sessions/{name}/qr")) == (401, "UNAUTHENTICATED")
    assert code(unopened.open()) == (404, "INVITATION_NOT_FOUND")
