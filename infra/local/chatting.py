"""What the sessions and virtual phones of a running stack write to each other: for demos, benchmarks and tests."""

from dataclasses import dataclass
from typing import Any

import requests

from infra.local.client import Stack, expect

PAGE = 100
"""Messages on a page, the API's most."""


def send(stack: Stack, session: str, to: str, text: str) -> requests.Response:
    """Have a session send a text."""
    return stack.post(f"/api/sessions/{session}/send", {"to": to, "message": text})


def messages(stack: Stack, session: str) -> list[dict[str, Any]]:
    """Return all messages of a session, oldest first, as the enveloped API lists them."""
    found: list[dict[str, Any]] = []
    before = ""
    while True:
        answer = stack.get(f"/api/sessions/{session}/messages?limit={PAGE}{before}")
        expect(answer.ok, answer.text)
        data = answer.json()["data"]
        found += data["messages"]
        if "next_before" not in data:
            return found[::-1]
        before = f"&before={data['next_before']}"


@dataclass(frozen=True, slots=True)
class Phone:
    """A virtual phone on the stack's WhatsApp."""

    stack: Stack
    number: str

    def switch_on(self, name: str | None = None) -> "Phone":
        """Put it on WhatsApp, linked to nothing."""
        self._ask("", {"name": name} if name else {})
        return self

    def say(self, to: str, text: str) -> str:
        """Send a text to a number; return WhatsApp's id of it."""
        return str(self._ask("/say", {"to": to, "text": text})["id"])

    def send(self, to: str, kind: str, **fields: Any) -> str:
        """Send what is no plain text: reply, edit, delete, react, location, document or raw; return WhatsApp's id."""
        return str(self._ask("/send", {"to": to, "kind": kind, **fields})["id"])

    def inbox(self) -> list[dict[str, Any]]:
        """Return what it sent and received, the newest last."""
        return list(self._ask("/inbox")["messages"])

    def heard(self) -> list[str]:
        """Return the texts that it received, the newest last."""
        return [letter["text"] for letter in self.inbox() if letter["direction"] == "in"]

    def read(self) -> None:
        """Read all that came in; the senders are told."""
        self._ask("/read", {})

    def _ask(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.stack.network(f"phones/{self.number}{path}", body)
        expect(answer.ok, answer.text)
        return dict(answer.json())
