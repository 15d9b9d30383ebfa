"""A local stack in a process of its own, and what its user does with it: for demos, benchmarks and tests."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import requests
from websockets.sync.client import ClientConnection, connect


def children(parent: int, command: bytes) -> list[int]:
    """Return the process ids of the children whose command line holds ``command``."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            mine = int(_fields(status)[1]) == parent and command in (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if mine:
            found.append(int(status.parent.name))
    return found


def open_files(process: int) -> list[str]:
    """Return the names of the files that a process has open; none if it is gone."""
    names = []
    try:
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            try:
                names.append(str(descriptor.readlink()))
            except FileNotFoundError:
                continue
    except (FileNotFoundError, ProcessLookupError):
        return []
    return names


def processor_ms(process: int) -> float:
    """Return the milliseconds that a process has taken of a processor, in user and system mode."""
    fields = _fields(Path(f"/proc/{process}/stat"))
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _fields(status: Path) -> list[str]:
    """Return what follows the command's name, which may hold anything."""
    return status.read_text().rpartition(")")[2].split()


ROOT: Final = Path(__file__).parent.parent.parent
READY_WITHIN: Final = 60.0

T = TypeVar("T")


class NotAsExpected(AssertionError):
    """The stack did something else, or nothing in time."""


def expect(held: object, otherwise: str) -> None:
    """Raise NotAsExpected with the text ``otherwise`` unless ``held``."""
    if not held:
        raise NotAsExpected(otherwise)


def eventually(look: Callable[[], T | None], *, within: float = 60.0, every: float = 0.1) -> T:
    """Return what ``look`` returns, as soon as that is true.

    A look is often a dozen requests to the local AWS, which the awaited work needs as well: hence the pauses.
    """
    ends = time.monotonic() + within
    while not (found := look()):
        expect(time.monotonic() < ends, f"not within {within} s; the last look found {found!r}")
        time.sleep(every)
    return found


@dataclass
class Stack:
    """A running stack, and what a user does with it; ``root`` is the checkout whose stack it is."""

    state: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    port: int = 0
    token: str = ""
    root: Path = ROOT

    def start(self) -> None:
        """Start the stack, wait until it is healthy, and log in."""
        self.open()
        self.log_in()

    def open(self) -> None:
        """Start the stack and wait until it is healthy."""
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "stack.json").unlink(missing_ok=True)
        environment = {**os.environ, "PORT": "0", "LOCAL_STATE": str(self.state), **self.environment}
        with self.console.open("ab") as console:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"],
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.port = eventually(self._published_port, within=READY_WITHIN)
        eventually(self._healthy, within=READY_WITHIN)

    def log_in(self) -> None:
        """Get a token with the local stack's own credentials."""
        answer = self.post("/api/auth/login", {"username": "admin", "password": "admin123"})
        expect(answer.ok, answer.text)
        self.token = answer.json()["data"]["token"]

    def stop(self, which: int = signal.SIGINT) -> None:
        """End the stack as Ctrl-C does, or by another signal."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(which)
            expect(self.process.wait(30) == 0, self.log())

    def kill(self) -> None:
        """Kill the stack (SIGKILL)."""
        self._running().kill()
        self._running().wait(30)

    @property
    def console(self) -> Path:
        """The file that the stack's output goes to."""
        return self.state / "console.log"

    @property
    def url(self) -> str:
        """The stack's address, where its phones are, and the gateway if it has an edge."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def gateway(self) -> str:
        """What stands before the path of each call: without an edge, the REST API's stage is part of it."""
        return f"{self.url}/api" if self.environment.get("EDGE") == "none" else self.url

    def get(self, path: str, **arguments: Any) -> requests.Response:
        """GET with the token."""
        return requests.get(self.gateway + path, headers=self.headers, timeout=40, **arguments)

    def post(self, path: str, body: Any = None, **arguments: Any) -> requests.Response:
        """POST a JSON body, if there is one, with the token."""
        return requests.post(self.gateway + path, json=body, headers=self.headers, timeout=40, **arguments)

    def put(self, path: str, body: Any) -> requests.Response:
        """PUT a JSON body with the token."""
        return requests.put(self.gateway + path, json=body, headers=self.headers, timeout=40)

    def request(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Call by another method, with the token."""
        return requests.request(method, self.gateway + path, json=body, headers=self.headers, timeout=40)

    def delete(self, path: str) -> requests.Response:
        """DELETE with the token."""
        return requests.delete(self.gateway + path, headers=self.headers, timeout=40)

    def session(self, session_id: str) -> dict[str, Any]:
        """The session as `/api` shows it."""
        answer = self.get(f"/api/sessions/{session_id}")
        expect(answer.ok, answer.text)
        return dict(answer.json()["data"])

    def begin(self, session_id: str) -> None:
        """Create and connect a session."""
        created = self.post("/api/sessions", {"phone": session_id, "name": "test"})
        expect(created.ok, created.text)
        connected = self.post(f"/api/sessions/{session_id}/connect")
        expect(connected.ok, connected.text)

    def code(self, session_id: str) -> str:
        """The pairing code to scan now."""
        answer = self.get(f"/api/sessions/{session_id}/qr")
        expect(answer.ok, answer.text)
        return str(answer.json()["data"]["qr"])

    def scan(self, code: str, number: str, **more: str) -> requests.Response:
        """A virtual phone scans the code."""
        return self.network("phones/scan", {"code": code, "number": number, **more})

    def link(self, session_id: str, number: str | None = None) -> None:
        """Create, connect, scan, and wait until the session is connected."""
        self.begin(session_id)
        answer = self.scan(self.code(session_id), number or session_id)
        expect(answer.ok, answer.text)
        self.until(session_id, "CONNECTED")

    def until(self, session_id: str, status: str, *, within: float = 60.0) -> dict[str, Any]:
        """Wait for the session's status."""

        def look() -> dict[str, Any] | None:
            session = self.session(session_id)
            return session if session["status"] == status else None

        return eventually(look, within=within)

    def network(self, path: str, body: Any = None) -> requests.Response:
        """Ask the loopback WhatsApp: POST with a body, else GET."""
        url = f"{self.url}/_local/whatsapp/{path}"
        return requests.get(url, timeout=40) if body is None else requests.post(url, json=body, timeout=40)

    def cut_off_table(self, seconds: float, callers: str) -> None:
        """Have the table answer nobody for so long: neither ``workers`` nor, with ``everybody``, functions."""
        url = f"{self.url}/_local/aws/faults/table"
        answer = requests.post(url, json={"seconds": seconds, "callers": callers}, timeout=40)
        expect(answer.ok, answer.text)

    def record_calls(self) -> None:
        """Have the local AWS take down the calls from now on, and forget those of before."""
        expect(requests.post(f"{self.url}/_local/aws/calls", timeout=40).ok, "the local AWS doesn't record")

    def recorded_calls(self) -> list[dict[str, Any]]:
        """The calls that were taken down, as ``RecordedCall`` has them, by when they were answered."""
        return list(requests.get(f"{self.url}/_local/aws/calls", timeout=40).json()["calls"])

    @contextmanager
    def watch(self, session_id: str, token: str | None = None) -> Iterator[ClientConnection]:
        """A watcher of the session, as a browser opens one."""
        url = f"ws://127.0.0.1:{self.port}/api/sessions/{session_id}/ws?token={token or self.token}"
        with connect(url, open_timeout=60) as socket:
            yield socket

    def websocket(self, path: str, session_id: str = "", **query: str) -> str:
        """Return where the WebSocket is opened that the documents have at ``path``, as the gateway says."""
        ways = self.get("/edge.json").json()["websockets"]
        address: str = next(way["address"] for way in ways if way["path"] == path).replace("{id}", quote(session_id))
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def workers(self) -> list[int]:
        """The process ids of this stack's workers."""
        stack = self._running().pid
        parents = [stack, *children(stack, b"infra.local.fork_server")]
        return [worker for parent in parents for worker in children(parent, b"chalicelib.worker")]

    def serving(self) -> list[int]:
        """The process ids of the workers that hold a WhatsApp database open: those with a client."""
        return [worker for worker in self.workers() if any("/devices/" in name for name in open_files(worker))]

    def log(self) -> str:
        """Everything that the stack, its functions and its workers have written."""
        logs = [self.console, *(self.state / "logs").glob("*")]
        return "\n".join(path.read_text(errors="replace") for path in logs if path.exists())

    def _running(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            raise NotAsExpected("the stack was never started")
        return self.process

    @property
    def headers(self) -> dict[str, str]:
        """The headers with the caller's token."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _published_port(self) -> int | None:
        process = self._running()
        expect(process.poll() is None, self.log())
        published = self.state / "stack.json"
        try:
            told = json.loads(published.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return int(told["port"]) if told["pid"] == process.pid else None

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self.gateway}/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False


def next_frame(socket: ClientConnection, kind: str, *, within: float = 60.0) -> dict[str, Any]:
    """The watcher's next frame of that type; others before it are passed over."""
    ends = time.monotonic() + within
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=max(0.01, ends - time.monotonic())))
        if frame["type"] == kind:
            return frame


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


def listed(stack: Stack, path: str) -> list[dict[str, Any]]:
    """Return all that a list of the native API holds, page by page, as it orders them."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = stack.get(f"{path}?limit={PAGE}{cursor}")
        expect(answer.ok, answer.text)
        page = answer.json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@dataclass(frozen=True, slots=True)
class Phone:
    """A virtual phone on the stack's WhatsApp."""

    stack: Stack
    number: str

    def switch_on(self, name: str | None = None) -> "Phone":
        """Register the phone with WhatsApp, without linked devices."""
        self._ask("", {"name": name} if name else {})
        return self

    def say(self, to: str, text: str) -> str:
        """Send a text to a number or a group; return WhatsApp's id of it."""
        return str(self._ask("/say", {"to": to, "text": text})["id"])

    def send(self, to: str, kind: str, **fields: Any) -> str:
        """Send anything but plain text (its kinds: infra/whatsapp_server/control/sending.py); return WhatsApp's id."""
        return str(self._ask("/send", {"to": to, "kind": kind, **fields})["id"])

    def make_group(self, name: str, *members: str, **fields: str) -> str:
        """Make a group with these numbers; return its JID."""
        return str(self._ask("/groups", {"name": name, "with": members, **fields})["jid"])

    def change_group(self, group: str, act: str, **fields: Any) -> None:
        """Do something to a group: add, remove, promote, demote, name, topic, announce, lock, disappear or leave."""
        self._ask(f"/groups/{group}/{act}", fields)

    def inbox(self) -> list[dict[str, Any]]:
        """Return the phone's sent and received messages, the newest last."""
        return list(self._ask("/inbox")["messages"])

    def heard(self) -> list[str]:
        """Return the received texts, the newest last."""
        return [one["text"] for one in self.inbox() if one["direction"] == "in" and one["text"] is not None]

    def put(self, content: bytes) -> str:
        """Put a file on the phone; return what ``send`` names it by (``file``)."""
        answer = requests.put(f"{self.stack.url}/_local/whatsapp/phones/{self.number}/files", content, timeout=40)
        expect(answer.ok, answer.text)
        return str(answer.json()["file"])

    def letter(self, message_id: str) -> dict[str, Any] | None:
        """Return a sent or received message with its fields, context and raw bytes; None if there is none (yet)."""
        answer = self.stack.network(f"phones/{self.number}/messages/{message_id}")
        return dict(answer.json()) if answer.ok else None

    def file(self, message_id: str) -> bytes | None:
        """Return the file of a sent or received message; None if it isn't there (yet)."""
        answer = self.stack.network(f"phones/{self.number}/messages/{message_id}/file")
        return answer.content if answer.ok else None

    def do(self, act: str, **fields: Any) -> dict[str, Any]:
        """Do something else with the phone (typing, online, calls, read); return what its route answers."""
        return self._ask(f"/{act}", fields)

    def presence(self, of: str) -> dict[str, Any]:
        """Return what the phone sees of somebody: online, last_seen, typing, typed_at."""
        return dict(self._ask("/presence")["chats"][of])

    def read(self) -> None:
        """Read all received messages; their senders get receipts."""
        self._ask("/read", {})

    def _ask(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.stack.network(f"phones/{self.number}{path}", body)
        expect(answer.ok, answer.text)
        return dict(answer.json())
