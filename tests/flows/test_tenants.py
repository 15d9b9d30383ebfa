"""A tenant that is disabled and enabled again, with a real worker that serves its session."""

import copy

import requests

from infra.local.client import Stack, eventually, messages
from tests.receivers import listening

PASSWORD = "a long password"


def a_tenant(stack: Stack, name: str) -> Stack:
    """Make a tenant, and return the stack as the tenant's administrator sees it."""
    made = stack.post("/api/admin/tenants", {"id": name, "username": f"{name}-admin", "password": PASSWORD})
    assert made.status_code == 201, made.text
    return as_administrator(stack, name)


def as_administrator(stack: Stack, name: str) -> Stack:
    answer = stack.post("/api/auth/login", {"username": f"{name}-admin", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    tenant = copy.copy(stack)
    tenant.token = answer.json()["data"]["token"]
    return tenant


def change(stack: Stack, name: str, *, disabled: bool) -> None:
    where = f"{stack.url}/api/admin/tenants/{name}"
    answer = requests.patch(where, json={"disabled": disabled}, headers=stack.headers, timeout=60)
    assert answer.status_code == 200, answer.text


def test_a_disabled_tenant_s_session_stops_receiving_and_posting_and_goes_on_when_it_is_enabled(stack, number, friend):
    name = f"acme-{number}"
    acme, others = a_tenant(stack, name), stack.serving()
    with listening() as receiver:
        created = acme.post("/api/sessions", {"phone": number, "webhook_url": receiver.url})
        assert created.status_code == 201, created.text
        acme.post(f"/api/sessions/{number}/connect")
        acme.scan(acme.code(number), number)
        acme.until(number, "CONNECTED")
        friend.say(number, "before")
        eventually(lambda: receiver.of("message.received"))
        (worker,) = set(stack.serving()) - set(others)
        change(stack, name, disabled=True)
        assert acme.get("/api/sessions").status_code == 401
        # What comes while a worker ends may be lost with it: wait until it has ended.
        eventually(lambda: worker not in stack.workers())
        told = len(receiver.received)
        friend.say(number, "meanwhile")
        change(stack, name, disabled=False)
        acme = as_administrator(stack, name)
        acme.until(number, "CONNECTED")
        eventually(lambda: len(receiver.of("message.received")) == 2)
        # WhatsApp's times are whole seconds: which of the two is listed first may be chance.
        assert {one["message"] for one in messages(acme, number)} == {"before", "meanwhile"}
        while_disabled = [one.json for one in receiver.received[told:]]
        assert "session.stopped" not in {one["type"] for one in while_disabled}
        assert acme.session(number)["reason"] is None
