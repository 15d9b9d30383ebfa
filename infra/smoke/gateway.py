"""The gateway as its caller meets it: HTTP and WebSocket through the edge, every refusal a sentence."""

import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from infra.smoke import NotWorking

ANSWERS_WITHIN: Final = 40.0
"""Seconds for an answer: API Gateway ends a call after 29."""
LONGEST: Final = 200
"""Letters that are told of an answer that isn't the gateway's own."""


class Gateway:
    """Calls the gateway at ``address``, after ``log_in`` with a token that nobody else has.

    ``sockets`` is where WebSockets are opened; empty where that is where the gateway says.
    """

    def __init__(self, address: str, sockets: str = "") -> None:
        self._address = address
        self._sockets = sockets
        self._calls = requests.Session()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status, and the JSON that was answered, None if it wasn't any; raises NotWorking."""
        try:
            answer = self._calls.request(
                method, self._address + path, json=body, timeout=ANSWERS_WITHIN, allow_redirects=False
            )
        except requests.RequestException as error:
            raise NotWorking(f"{method} {path} got no answer from {self._address} ({_cause(error)}).") from error
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer that is no error; raises NotWorking with what the gateway says of one."""
        status, told = self.call(method, path, body)
        if status >= HTTPStatus.BAD_REQUEST or told is None:
            raise NotWorking(f"{method} {path} was answered with {status}: {message(told)}")
        return told

    def log_in(self, username: str, password: str) -> None:
        """Get a token; raises NotWorking."""
        status, told = self.call("POST", "/api/auth/login", {"username": username, "password": password})
        if status == HTTPStatus.UNAUTHORIZED:
            raise NotWorking(
                f"The password of {username} that was kept isn't theirs any more. Keep the new one "
                "in its place, in the secret with the first administrator's password."
            )
        if status != HTTPStatus.OK:
            raise NotWorking(f"It was answered with {status}: {message(told)}")
        self._calls.headers["Authorization"] = f"Bearer {told['data']['token']}"

    def log_out(self) -> None:
        """End the token, if there is one; raises NotWorking."""
        if "Authorization" in self._calls.headers:
            self.ask("POST", "/api/auth/logout")

    def greet(self) -> None:
        """Open a WebSocket, say something on it, and wait for the answer; raises NotWorking."""
        ways = self.ask("GET", "/edge.json")["websockets"]
        url = next(way["address"] for way in ways if way["path"] == "/v1/ws")
        if self._sockets:
            url = f"{self._sockets}?{urlsplit(url).query}"
        # In a header: an address is what logs and error messages repeat.
        token = {"Authorization": str(self._calls.headers["Authorization"])}
        try:
            with connect(url, additional_headers=token, open_timeout=ANSWERS_WITHIN) as socket:
                socket.send(json.dumps({"ping": 1}))
                answer = json.loads(socket.recv(timeout=ANSWERS_WITHIN))
        except (WebSocketException, OSError, ValueError) as error:
            raise NotWorking(f"The WebSocket {url} can't be used ({_cause(error)}).") from error
        if answer != {"type": "pong"}:
            raise NotWorking(f"The WebSocket {url} answered a ping with {str(answer)[:LONGEST]}.")

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()


def message(told: Any) -> str:
    """Return the sentence of an error in any of the dialects, or how the answer begins."""
    match told:
        case {"error": {"message": str(text)}} | {"message": str(text)}:
            return text
        case None:
            return "what came isn't the gateway's."
        case _:
            return json.dumps(told)[:LONGEST]


def _cause(error: BaseException) -> str:
    """Return what an error of the network says at its bottom; those above it repeat objects and addresses."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {str(error)[:LONGEST]}"
