"""Messages: a send call, a burst of them, and a phone's text on its way to who waits for it.

At the gateway and in the raw client, whose own call or event is the limit.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from infra.bench.figures import Goal, GoalKind, Row
from infra.bench.measuring import Alone, Bench, raw_client
from infra.local.client import NotAsExpected, Phone, Stack, expect, next_frame, send

SESSION: Final = "628111300001"
FRIEND: Final = "628777300001"
FAST: Final = {"SEND_BURST": "100000", "SEND_PER_MINUTE": "100000"}
WARM: Final = 5
"""Messages before the measured ones: the first to somebody needs their keys."""
EACH: Final = 10
"""Messages a run and a direction."""
PAUSE: Final = 0.1
"""Seconds between two: one message at a time is what is measured, not a queue of them."""
BURST: Final = 50
CALLERS: Final = 10
ARRIVES_WITHIN: Final = 30.0
"""Seconds."""
RAW: Final = "raw client"


@dataclass
class MessageFigures:
    """Milliseconds of each message, messages a second of each burst, and how many of a burst weren't acknowledged."""

    row: list[float] = field(default_factory=list)
    sends: list[float] = field(default_factory=list)
    bursts: list[float] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    watched: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)


def report(bench: Bench) -> Iterator[Row]:
    """Let both chat in turn, and yield the rows."""
    ours, raw = MessageFigures(), MessageFigures()
    with (
        bench.stack("messages", **FAST) as stack,
        raw_client(bench.state / "raw-messages") as alone,
        listening() as hook,
    ):
        phone = Phone(stack, FRIEND).switch_on()
        stack.link(SESSION)
        alone.link(SESSION)
        alone.phone(FRIEND, {})
        for number in range(bench.runs + 1):
            # The first run is for warmth.
            _gateway(stack, phone, hook, ours if number else MessageFigures(), EACH if number else WARM)
            _raw_client(alone, raw if number else MessageFigures(), EACH if number else WARM)
        # Last: what a process learns in a burst must not be what a single call is measured with.
        for _ in range(bench.runs):
            _burst(stack, ours)
            _burst_raw(alone, raw)
    yield from _rows(ours, raw)


def _rows(ours: MessageFigures, raw: MessageFigures) -> Iterator[Row]:
    near = Goal(GoalKind.OVER_LIMIT, 40)
    for name, mine, theirs in (
        ("send call to acknowledged, back to back", ours.row, raw.row),
        ("send call to acknowledged, with pauses", ours.sends, raw.sends),
    ):
        yield Row("messages", name, "ms", tuple(mine), tuple(theirs), RAW, near)
    yield Row(
        "messages",
        f"burst of {BURST}, {CALLERS} callers",
        "/s",
        tuple(ours.bursts),
        tuple(raw.bursts),
        RAW,
        Goal(GoalKind.AT_LEAST, 20),
        more=True,
    )
    none = Goal(GoalKind.AT_MOST, 0)
    yield Row("messages", "burst, calls that weren't acknowledged in time", "", tuple(ours.timeouts), goal=none)
    for name, figures, most in (("watcher", ours.watched, 15), ("webhook", ours.posted, 30)):
        goal = Goal(GoalKind.AT_MOST, most)
        yield Row("messages", f"phone's text to {name}", "ms", tuple(figures), tuple(raw.watched), RAW, goal)


def _gateway(stack: Stack, phone: Phone, hook: "WebhookEar", figures: MessageFigures, count: int) -> None:
    for number in range(count):
        figures.row.append(_timed(lambda n=number: _send(stack, f"row {n}"), 0))  # type: ignore[misc]
    for number in range(count):
        figures.sends.append(_timed(lambda n=number: _send(stack, str(n))))  # type: ignore[misc]
    with stack.watch(SESSION) as watcher:
        for number in range(count):

            def arrive(text: str = str(number)) -> None:
                phone.say(SESSION, text)
                next_frame(watcher, "message")

            figures.watched.append(_timed(arrive))
    _set_webhook(stack, hook.url)
    for number in range(count):
        text = f"to the hook {number} of {time.monotonic()}"
        figures.posted.append(_timed(lambda t=text: hook.until(t, lambda: phone.say(SESSION, t))))  # type: ignore[misc]
    _set_webhook(stack, "")


def _set_webhook(stack: Stack, url: str) -> None:
    answer = stack.put(f"/api/sessions/{SESSION}/webhook", {"webhook_url": url})
    expect(answer.ok, answer.text)


def _send(stack: Stack, text: str) -> None:
    answer = send(stack, SESSION, FRIEND, text)
    expect(answer.status_code == HTTPStatus.OK, answer.text)


def _burst(stack: Stack, figures: MessageFigures) -> None:
    """Send at many callers; the rate is of what their calls were answered as acknowledged."""
    began = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(lambda n: send(stack, SESSION, FRIEND, f"burst {n}"), range(BURST)))
    took = time.monotonic() - began
    late = [one for one in answers if one.status_code != HTTPStatus.OK]
    for one in late:
        expect(one.status_code in {HTTPStatus.ACCEPTED, HTTPStatus.GATEWAY_TIMEOUT}, one.text)
    figures.bursts.append((BURST - len(late)) / took)
    figures.timeouts.append(len(late))
    time.sleep(1)


def _burst_raw(alone: Alone, figures: MessageFigures) -> None:
    began = time.monotonic()
    for number in range(BURST):
        alone.do(to=FRIEND, text=f"burst {number}")
    for _ in range(BURST):
        alone.until("sent")
    figures.bursts.append(BURST / (time.monotonic() - began))


def _raw_client(alone: Alone, figures: MessageFigures, count: int) -> None:
    for number in range(count):
        alone.do(to=FRIEND, text=f"row {number}")
        figures.row.append(alone.until("sent")["ms"])
    for number in range(count):
        alone.do(to=FRIEND, text=str(number))
        figures.sends.append(alone.until("sent")["ms"])
        time.sleep(PAUSE)
    for number in range(count):

        def arrive(text: str = str(number)) -> None:
            alone.phone(f"{FRIEND}/say", {"to": SESSION, "text": text})
            alone.until("message")

        figures.watched.append(_timed(arrive))


def _timed(act: Callable[[], object], pause: float = PAUSE) -> float:
    """Return the milliseconds that ``act`` takes, after which there is a pause."""
    began = time.monotonic()
    act()
    took = (time.monotonic() - began) * 1000
    time.sleep(pause)
    return took


class WebhookEar:
    """What a webhook's receiver was posted; ``url`` is its address."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self._came = threading.Condition()
        self._bodies: list[bytes] = []

    def add(self, body: bytes) -> None:
        """Take in what was posted."""
        with self._came:
            self._bodies.append(body)
            self._came.notify_all()

    def until(self, text: str, act: Callable[[], object]) -> None:
        """Do ``act``, and wait until something with ``text`` was posted."""
        with self._came:
            self._bodies.clear()
        act()
        with self._came:
            if not self._came.wait_for(lambda: any(text.encode() in one for one in self._bodies), ARRIVES_WITHIN):
                raise NotAsExpected(f"the webhook wasn't told within {ARRIVES_WITHIN} s")


@contextmanager
def listening() -> Iterator[WebhookEar]:
    """Receive webhooks on this machine while the block runs."""

    class Receives(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.add(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receives) as server:
        hook = WebhookEar(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield hook
        finally:
            server.shutdown()
