"""All that owners, watchers, phones and accidents do to a stack, once."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from chalicelib.domain.content import Image, Media
from infra.local.client import Phone, Stack, eventually, next_frame
from tests.flows.files import Store, put_on
from tests.worker.media import samples

FRIEND = "6281299999999"


@dataclass
class Everything:
    """A story of two sessions: one is used for all there is, the other's worker freezes meanwhile."""

    stack: Stack
    endpoint: str
    used: str = "6281200000001"
    frozen: str = "6281200000002"
    stuck: int = 0
    """The process id of the worker that stands still."""

    def happen(self) -> None:
        """Go through it from first to last."""
        self._freeze()
        with self._following() as room:
            self._link_and_chat()
            _await_packet(room, '42["session-complete"')
        self._come_late_and_take_leave()
        self._follow_by_polling()
        self._come_and_go_with_a_user()
        self._kill_the_worker()
        self._end()
        self._outlive_the_frozen()

    def _freeze(self) -> None:
        self.stack.link(self.frozen)
        (self.stuck,) = self.stack.serving()
        os.kill(self.stuck, signal.SIGSTOP)

    def _link_and_chat(self) -> None:
        stack, me = self.stack, self.used
        assert stack.post("/api/sessions", {"phone": me, "webhook_url": self.endpoint}).ok
        with stack.watch(me) as watcher:
            assert stack.post(f"/api/sessions/{me}/connect").ok
            next_frame(watcher, "qr")
            used = stack.code(me)
            assert stack.scan(used, me, hmac="wrong").status_code == 409
            assert stack.scan(eventually(lambda: self._code_after(used)), me).ok
            next_frame(watcher, "connected")
            watcher.send(json.dumps({"type": "ping"}))
            next_frame(watcher, "pong")
            with self._subscribed(me) as subscribed:
                next_frame(subscribed, "subscribed")
            assert stack.network(f"phones/{FRIEND}", {}).ok
            assert stack.post(f"/api/sessions/{me}/send", {"to": FRIEND, "message": "hello"}).ok
            assert stack.network(f"phones/{FRIEND}/say", {"to": me, "text": "hello yourself"}).ok
            next_frame(watcher, "message")
            self._send_files()
        assert stack.post(f"/api/sessions/{me}/check-number", {"number": FRIEND}).json()["exists"] is True
        for path in ("/api/sessions", f"/api/sessions/{me}/messages", f"/api/sessions/{me}/groups"):
            assert stack.get(path).ok, path

    def _send_files(self) -> None:
        """A file comes in, and goes out again as another message's."""
        friend, store = Phone(self.stack, FRIEND), Store(self.stack, self.used)
        came = store.came(friend.send(self.used, "image", file=put_on(friend, samples.a_picture())))
        assert isinstance(came.content, Media)
        sent = store.send(friend, Image(media_id=came.content.media_id))
        assert sent.error_code is None, sent
        # Others are announced and uploaded, or brought along.
        media = f"/v1/sessions/{self.used}/media"
        announced = self.stack.post(media, {"mimetype": "text/plain", "size": 5}).json()
        form = announced["upload"]
        assert requests.post(form["url"], form["fields"], files={"file": b"Kopi!"}, timeout=30).status_code == 204
        uploaded = self.stack.get(f"{media}/{announced['id']}").json()
        assert requests.get(uploaded["url"], timeout=30).text == "Kopi!"
        assert self.stack.post(media, {"file": "S29waSE=", "mimetype": "text/plain"}).ok
        assert self.stack.delete(f"{media}/{announced['id']}").ok
        # One that nobody asks for goes with the session.
        form = self.stack.post(media, {"mimetype": "text/plain", "size": 5}).json()["upload"]
        assert requests.post(form["url"], form["fields"], files={"file": b"Kopi!"}, timeout=30).status_code == 204

    @contextmanager
    def _subscribed(self, session: str) -> Iterator[ClientConnection]:
        """A connection that follows the session by a subscription."""
        ticket = self.stack.post("/v1/ws-ticket", {}).json()["ticket"]
        with connect(f"ws://127.0.0.1:{self.stack.port}/v1/ws?token={ticket}", open_timeout=60) as socket:
            socket.send(json.dumps({"subscribe": {session: None}}))
            yield socket

    def _code_after(self, used: str) -> str | None:
        """The code that is shown once one that failed is gone, if it is there."""
        shown = self.stack.get(f"/api/sessions/{self.used}/qr").json().get("data", {}).get("qr")
        return None if shown == used else shown

    @contextmanager
    def _following(self) -> Iterator[ClientConnection]:
        """A Socket.IO client in the session's room, which others enter and leave."""
        with self._socketio() as socket, self._socketio() as other:
            for number, event in enumerate(("join-session", "leave-session", "join-session")):
                other.send(f'42{number}["{event}","{self.used}"]')
                _await_packet(other, f"43{number}")
            other.close()
            socket.send(f'420["join-session","{self.used}"]')
            _await_packet(socket, "430")
            yield socket

    def _come_late_and_take_leave(self) -> None:
        with self._socketio() as socket:
            socket.send(f'420["join-session","{self.used}"]')
            _await_packet(socket, '42["session-complete"')
            socket.send("1")
            eventually(lambda: _closed(socket))

    @contextmanager
    def _socketio(self) -> Iterator[ClientConnection]:
        with connect(f"{self._rooms}&transport=websocket", open_timeout=60) as socket:
            _await_packet(socket, "0")
            socket.send("40" + json.dumps({"token": self.stack.token}))
            _await_packet(socket, "40")
            yield socket

    @property
    def _rooms(self) -> str:
        return f"{self.stack.url.replace('http', 'ws', 1)}/socket.io/?EIO=4"

    def _follow_by_polling(self) -> None:
        """It begins to upgrade, and thinks better of it."""
        address = f"{self.stack.url}/socket.io/?EIO=4&transport=polling"
        sid = json.loads(requests.get(address, timeout=30).text[1:])["sid"]
        mine = f"{address}&sid={sid}"
        for packet in ("40" + json.dumps({"token": self.stack.token}), f'420["join-session","{self.used}"]'):
            assert requests.post(mine, packet, timeout=30).text == "ok"
        with connect(f"{self._rooms}&transport=websocket&sid={sid}", open_timeout=60) as upgrade:
            upgrade.send("2probe")
            _await_packet(upgrade, "3probe")
        # Polls end at once until it is known that the connection went.
        eventually(lambda: _held(mine))
        assert requests.post(mine, "1", timeout=30).text == "ok"
        # Another one shows its token at once, and polls twice at a time, which ends it.
        opened = requests.get(f"{address}&token={self.stack.token}", timeout=30).text
        another = f"{address}&sid={json.loads(opened[1:])['sid']}"
        with ThreadPoolExecutor(2) as pool:
            both = pool.map(lambda _: requests.get(another, timeout=30).status_code, range(2))
            assert sorted(both) == [200, 400]

    def _come_and_go_with_a_user(self) -> None:
        stack, body = self.stack, {"username": "marta", "password": "a long enough one"}
        assert stack.post("/api/auth/register", body).ok
        token = requests.post(f"{stack.url}/api/auth/login", json=body, timeout=30).json()["data"]["token"]
        made = stack.post("/api/auth/api-key", {"session_id": self.used}).json()["data"]
        for path in ("/api/admin/users", "/api/admin/api-keys", "/api/admin/tenants"):
            assert stack.get(path).ok, path
        assert requests.get(f"{stack.url}/sessions", headers={"X-API-Key": made["api_key"]}, timeout=30).ok
        assert stack.delete(f"/api/auth/api-key?id={made['id']}").ok
        with stack.watch(self.used, token) as watcher:
            next_frame(watcher, "connected")
            assert stack.delete("/api/admin/users/marta").ok
            eventually(lambda: _closed(watcher))

    def _kill_the_worker(self) -> None:
        (worker,) = set(self.stack.serving()) - {self.stuck}
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: set(self.stack.serving()) - {self.stuck, worker})
        self.stack.until(self.used, "CONNECTED")

    def _end(self) -> None:
        stack, mine = self.stack, f"/api/sessions/{self.used}"
        for enabled in (False, True):
            body = {"enabled": enabled}
            assert requests.put(f"{stack.url}{mine}/enabled", json=body, headers=stack.headers, timeout=30).ok
        assert stack.post(f"{mine}/disconnect").ok
        assert stack.post(f"{mine}/connect").ok
        stack.until(self.used, "CONNECTED")
        assert stack.post(f"{mine}/logout").ok
        stack.until(self.used, "LOGGED_OUT")
        assert stack.delete(mine).ok
        eventually(lambda: stack.get(mine).status_code == 404)

    def _outlive_the_frozen(self) -> None:
        """Its lease runs out, another worker is started, and ECS is told to stop it."""
        eventually(lambda: set(self.stack.serving()) - {self.stuck}, within=260)
        self.stack.until(self.frozen, "CONNECTED")
        # It would feel only the end of its grace.
        with suppress(ProcessLookupError):
            os.kill(self.stuck, signal.SIGKILL)


def _await_packet(socket: ClientConnection, begins: str) -> None:
    while not str(socket.recv(timeout=60)).startswith(begins):
        pass


def _held(poll: str) -> bool:
    try:
        requests.get(poll, timeout=1)
    except requests.ReadTimeout:
        return True
    return False


def _closed(watcher: ClientConnection) -> bool:
    try:
        watcher.recv(timeout=0.1)
    except TimeoutError:
        return False
    except ConnectionClosed:
        return True
    return False
