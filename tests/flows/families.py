"""A client of each family, in its own words, for the one story that all five tell.

LetsBot's and the companies' clients can't stop or delete a session, nor Socket.IO's stop one: they borrow `/api`'s calls
for that, and LetsBot's session comes from its API key, the company's from its tenant.
"""

import base64
import io
import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import requests
import zxingcpp
from PIL import Image
from websockets.sync.client import connect

from infra.local.client import Stack

Word = Any
"""How a family says a status: a word, or several answers."""


class Family(ABC):
    """A client with a session of its own, called ``session``; what each stage is called is in ``words``."""

    words: ClassVar[dict[str, Word]]

    def __init__(self, stack: Stack, number: str) -> None:
        self.stack, self.session, self.token = stack, number, stack.token

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.stack.gateway + path, json=body, headers=headers, timeout=40)

    def good(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        return answer.json()

    @abstractmethod
    def begin(self) -> str:
        """Create the session and return the text of its code."""

    @abstractmethod
    def word(self) -> Word:
        """How the session stands."""

    @abstractmethod
    def send(self, to: str) -> requests.Response:
        """Send a text."""

    @abstractmethod
    def sent(self, answer: Any) -> str | None:
        """WhatsApp's id of what was sent."""

    def stop(self) -> None:
        self.good("POST", f"/api/sessions/{self.session}/disconnect")

    def again(self) -> None:
        self.good("POST", f"/api/sessions/{self.session}/connect")

    def log_out(self) -> None:
        self.good("POST", f"/api/sessions/{self.session}/logout")

    def delete(self) -> None:
        self.good("DELETE", f"/api/sessions/{self.session}")

    def gone(self) -> bool:
        """Whether this family's clients are told that there is no such session."""
        return self.call("GET", f"/api/sessions/{self.session}").status_code == 404


class Enveloped(Family):
    words: ClassVar = {
        "waiting": (False, False),
        "connected": (True, True),
        "stopped": (False, True),
        "unlinked": (False, False),
    }

    def begin(self) -> str:
        self.good("POST", "/api/sessions", {"phone": self.session, "name": "story"})
        self.again()
        return str(self.good("GET", f"/api/sessions/{self.session}/qr")["data"]["qr"])

    def word(self) -> Word:
        told = self.good("GET", f"/api/sessions/{self.session}")["data"]
        return told["connected"], told["logged_in"]

    def send(self, to: str) -> requests.Response:
        return self.call("POST", f"/api/sessions/{self.session}/send", {"to": to, "message": "Kopi?"})

    def sent(self, answer: Any) -> str | None:
        return str(answer["data"]["message_id"])


class Bare(Family):
    words: ClassVar = {
        "waiting": "pending",
        "connected": "connected",
        "stopped": "disconnected",
        "unlinked": "disconnected",
    }

    def begin(self) -> str:
        created = self.good("POST", "/sessions", {"sessionId": self.session})
        assert created["status"] == "pending"
        return _text_in(created["qrCode"].removeprefix("data:image/png;base64,"))

    def word(self) -> Word:
        return self.good("GET", f"/sessions/{self.session}")["status"]

    def send(self, to: str) -> requests.Response:
        return self.call("POST", f"/sessions/{self.session}/send-message", {"to": f"+{to}", "message": "Kopi?"})

    def sent(self, answer: Any) -> str | None:
        return str(answer["messageId"])

    def stop(self) -> None:
        self.good("POST", f"/sessions/{self.session}/disconnect")

    def again(self) -> None:
        self.good("POST", f"/sessions/{self.session}/connect")

    def log_out(self) -> None:
        self.good("POST", f"/sessions/{self.session}/logout")

    def delete(self) -> None:
        self.good("DELETE", f"/sessions/{self.session}")

    def gone(self) -> bool:
        return self.call("GET", f"/sessions/{self.session}").status_code == 404


class LetsBot(Family):
    words: ClassVar = {"waiting": "inactive", "connected": "active", "stopped": "inactive", "unlinked": "inactive"}

    def begin(self) -> str:
        self.token = self.good("POST", "/api/auth/api-key", {"session_id": self.session})["data"]["api_key"]
        return _text_in(self.good("POST", "/api/v1/qr", [])["data"]["qrcode"])

    def word(self) -> Word:
        told = self.good("POST", "/api/v1/session/status", [])
        assert told["message"] == f"Session is {told['data']['status']}"
        assert self.good("POST", "/api/v1/session/find", [])["data"]["session_id"] == self.session
        if told["data"]["connected"]:
            assert (told["data"]["phone"], told["data"]["platform"]) == (f"+{self.session}", "android")
        return told["data"]["status"]

    def send(self, to: str) -> requests.Response:
        return self.call("POST", "/api/v1/message/send", {"phone": to, "body": "Kopi?"})

    def sent(self, answer: Any) -> str | None:
        return str(answer["data"]["message_id"])

    def log_out(self) -> None:
        assert self.good("POST", "/api/v1/session/logout", [])["data"]["timestamp"].endswith("Z")

    def gone(self) -> bool:
        return self.call("POST", "/api/v1/session/find").status_code == 404


class SocketIO(Family):
    words: ClassVar = {"waiting": "notLogged", "connected": "ready", "stopped": "notLogged", "unlinked": "notLogged"}

    def begin(self) -> str:
        self.good("POST", f"/api/sessions/{self.session}/initialize-with-qr")
        return str(self._hear("qr-code")["urlCode"])

    def word(self) -> Word:
        return self._hear("status-update")["status"]

    def send(self, to: str) -> requests.Response:
        return self.call("POST", f"/api/sessions/{self.session}/send-message", {"to": to, "message": "Kopi?"})

    def sent(self, answer: Any) -> str | None:
        assert answer["isAuthenticated"] is True
        return str(answer["data"]["message_id"])

    def again(self) -> None:
        self.good("POST", f"/api/sessions/{self.session}/reconnect")

    def _hear(self, wanted: str) -> Any:
        """What a client that joins now is told first by that event."""
        address = self.stack.websocket("/socket.io", EIO="4", transport="websocket")
        with connect(address, open_timeout=60) as socket:
            socket.recv(timeout=40)
            socket.send("40" + json.dumps({"token": self.token}))
            assert str(socket.recv(timeout=40)).startswith("40{")
            socket.send(f'42["join-session","{self.session}"]')
            while True:
                packet = str(socket.recv(timeout=40))
                event, said = json.loads(packet[2:]) if packet.startswith("42") else (None, None)
                if event == wanted:
                    return said


class Company(Family):
    words: ClassVar = {
        "waiting": ("DISCONNECTED", True),
        "connected": ("CONNECTED", False),
        "stopped": ("DISCONNECTED", False),
        "unlinked": ("DISCONNECTED", True),
    }

    def begin(self) -> str:
        """A company of its own, whose only session gets the default id."""
        self.company, self.session = f"company-{self.session}", "default"
        boss = {"username": self.company, "password": "a long enough one"}
        self.good("POST", "/api/admin/tenants", {"id": self.company, **boss})
        self.token = self.good("POST", "/api/auth/login", boss)["data"]["token"]
        assert self._status()["status"] == "NOT_CONFIGURED"
        code = self.good("GET", f"/whatsapp/companies/{self.company}/qrcode")
        assert code["status"] == "DISCONNECTED"
        return str(code["qr_code"])

    def word(self) -> Word:
        told = self._status()
        return told["status"], told["needs_qr"]

    def send(self, to: str) -> requests.Response:
        path = f"/whatsapp/companies/{self.company}/bulk"
        return self.call("POST", path, {"recipients": [to], "message": "Kopi?"})

    def sent(self, answer: Any) -> str | None:
        assert (answer["total"], answer["success_count"], answer["failure_count"]) == (1, 1, 0)
        return str(answer["results"][0]["message_id"])

    def gone(self) -> bool:
        return bool(self._status()["status"] == "NOT_CONFIGURED")

    def _status(self) -> Any:
        return self.good("GET", f"/whatsapp/companies/{self.company}/session-status")["data"]


FAMILIES = (Enveloped, Bare, LetsBot, SocketIO, Company)


def _text_in(picture: str) -> str:
    """What a camera reads in a PNG in base64."""
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(base64.b64decode(picture))))
    return str(found.text)
