"""Tenants of a test's own on the shared stack, with the people in them and as many sessions as wanted."""

import copy
from itertools import count
from typing import Any, Final

import requests

from infra.local.client import Stack, expect

PASSWORD: Final = "correct horse battery"


_NUMBERS: Final = count(1)


def a_name(what: str) -> str:
    """Return a name that no tenant has yet: a process may come back to a module, and make its fixtures anew."""
    return f"page-{what}-{next(_NUMBERS)}"


def a_tenant(stack: Stack, name: str) -> Stack:
    """Make a tenant, and return the stack as its administrator (``NAME-admin``) sees it."""
    made = stack.post(
        "/api/admin/tenants", {"id": name, "name": "Café Ana", "username": f"{name}-admin", "password": PASSWORD}
    )
    expect(made.status_code == 201, made.text)
    return _as(stack, f"{name}-admin")


def somebody(tenant: Stack, name: str, role: str) -> Stack:
    """Add a user with a role (``admin``, ``member``, ``read_only``), and return the stack as that user sees it."""
    made = tenant.post("/api/auth/register", {"username": name, "password": PASSWORD, "role": role})
    expect(made.status_code == 201, made.text)
    return _as(tenant, name)


def close(stack: Stack, name: str) -> None:
    """Disable a tenant: its tokens are refused and its workers end."""
    where = f"{stack.url}/api/admin/tenants/{name}"
    answer = requests.patch(where, json={"disabled": True}, headers=stack.headers, timeout=60)
    expect(answer.ok, answer.text)


def fill(tenant: Stack, count: int) -> None:
    """Make so many sessions that aren't started, ``shop-001`` and on: one connection makes some seventy a second."""
    with requests.Session() as caller:
        caller.headers.update(tenant.headers)
        for number in range(1, count + 1):
            body: dict[str, Any] = {"id": f"shop-{number:03}", "name": f"Shop {number}", "start": False}
            answer = caller.post(f"{tenant.url}/v1/sessions", json=body, timeout=60)
            expect(answer.status_code == 201, answer.text)


def _as(stack: Stack, username: str) -> Stack:
    answer = stack.post("/api/auth/login", {"username": username, "password": PASSWORD})
    expect(answer.ok, answer.text)
    theirs = copy.copy(stack)
    theirs.token = answer.json()["data"]["token"]
    return theirs
