"""A server of a developer's own that receives webhooks."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Attempt:
    """One POST that came in; ``at`` in seconds on the monotonic clock."""

    at: float
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers as it is told, then 200, and keeps what it was sent."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    received: list[Attempt] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=switchboard"

    def of(self, event: str) -> list[Attempt]:
        """The attempts to tell of that type of event."""
        return [one for one in self.received if one.json["type"] == event]


@contextmanager
def listening(
    *answers: tuple[int, dict[str, str]], tls: ssl.SSLContext | None = None, hang_s: float = 0.0
) -> Iterator[Receiver]:
    """Receive for the block; each answer takes ``hang_s``, or until the block ends."""
    over = threading.Event()
    receiver = Receiver(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Attempt(time.monotonic(), self.path, dict(self.headers), body))
            over.wait(hang_s)
            status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            # Clients that turn away are part of what is tested.
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            over.set()
            server.shutdown()
            thread.join()


@contextmanager
def serving_files(files: dict[str, bytes]) -> Iterator[str]:
    """Serve files by their paths for the block; yield the address that the paths go behind."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            if self.path.endswith(".html"):
                self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
