"""``make bench CLOUD=1``: a session's stories with the cloud's latencies played, and where their time goes.

Messages: a send, and a phone's text to a watcher and to a webhook. Sessions: connect call to first code, scan to
connected, and connected again after the worker is killed, each with a standby ready.
"""

import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import requests
from websockets.sync.client import ClientConnection

from infra.bench import LATENCIES
from infra.bench.disk import Delays, SlowDisk
from infra.bench.linking import standby
from infra.bench.measuring import Bench
from infra.bench.messages import FAST, WebhookEar, listening
from infra.bench.paths import PathStep, StoryFindings, critical_path, hops_of
from infra.local.client import Phone, Stack, expect, next_frame, send
from infra.local.latencies import read_latencies

SESSION: Final = "628111500001"
FRIEND: Final = "628777500001"
WARM: Final = 5
"""Messages before the measured ones: they start functions cold and learn keys."""
EACH: Final = 30
"""Messages of each story."""
STANDBY_WITHIN: Final = 300.0
"""Seconds: a task takes most of a minute to start."""
MESSAGES: Final = "messages"
SESSIONS: Final = "sessions"
POST: Final = "execute-api.PostToConnection"
API: Final = "APIHandler"
DELIVER: Final = "Deliver"


@dataclass
class Takes:
    """The runs of each story, by its name."""

    stack: Stack
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    paths: dict[str, list[tuple[PathStep, ...]]] = field(default_factory=lambda: defaultdict(list))

    def play(self, name: str, last: str, act: Callable[[], object]) -> None:
        """Play a story once, and take down its path; ``last`` is whose hop, or which, ends it."""
        self.stack.record_calls()
        began = time.time()
        act()
        ended = time.time()
        # What is under way beside it is recorded when it ends.
        time.sleep(0.3)
        played = requests.get(f"{self.stack.url}/_local/aws/latencies", timeout=40).json()["hops"]
        hops = hops_of(self.stack.recorded_calls(), [one for one in played if one["began"] >= began - 1])
        self.took[name].append((ended - began) * 1000)
        self.paths[name].append(tuple(critical_path(hops, began, ended, last)))

    @property
    def findings(self) -> Iterator[StoryFindings]:
        """Yield what was found of each story."""
        for name, took in self.took.items():
            yield StoryFindings(name, tuple(took), tuple(self.paths[name]))


def report(bench: Bench, seed: int = 0, only: str | None = None) -> Iterator[StoryFindings]:
    """Play all stories, the sessions' ``bench.runs`` times, and yield what was found of each.

    ``only`` is MESSAGES or SESSIONS where those of the other aren't wanted.
    """
    table = read_latencies(LATENCIES)
    lock, sync, read = (round(table[f"efs {name}"].p50 * 1000) for name in ("lock", "sync", "read"))
    disk = SlowDisk(bench.state / "shim", bench.state / "cloud")
    played = {"LATENCIES": str(LATENCIES), "LATENCIES_SEED": str(seed)}
    with bench.stack("cloud", **FAST, **played, **disk.environment(Delays(lock, sync, read))) as stack:
        takes = Takes(stack)
        if only != MESSAGES:
            for number in range(bench.runs + 1):
                # The first run is for warmth: it starts functions cold.
                _session(takes if number else Takes(stack), f"62811160{number:04d}")
        if only != SESSIONS:
            phone = Phone(stack, FRIEND).switch_on()
            _linked(stack, SESSION)
            _messages(takes, phone)
        yield from takes.findings


def _await_standby(stack: Stack) -> None:
    standby(stack, within=STANDBY_WITHIN, every=1.0)


def _linked(stack: Stack, number: str) -> None:
    _await_standby(stack)
    stack.link(number)


def _session(takes: Takes, number: str) -> None:
    stack = takes.stack
    stack.post("/api/sessions", {"phone": number})
    _await_standby(stack)
    with stack.watch(number) as watcher:
        takes.play(
            "connect call to first code",
            POST,
            lambda: (stack.post(f"/api/sessions/{number}/connect"), next_frame(watcher, "qr")),
        )
        code = stack.code(number)
        takes.play("scan to connected", POST, lambda: (stack.scan(code, number), next_frame(watcher, "connected")))
        _await_standby(stack)
        takes.play("connected again after kill -9", POST, lambda: _kill(stack, watcher))
    stack.delete(f"/api/sessions/{number}")


def _kill(stack: Stack, watcher: ClientConnection) -> None:
    for worker in stack.serving():
        os.kill(worker, signal.SIGKILL)
    next_frame(watcher, "connected", within=STANDBY_WITHIN)


def _messages(takes: Takes, phone: Phone) -> None:
    stack = takes.stack
    with listening() as ear:
        for number in range(WARM):
            send(stack, SESSION, FRIEND, f"warm {number}")
            with stack.watch(SESSION) as watcher:
                phone.say(SESSION, f"warm {number}")
                next_frame(watcher, "message")
        for number in range(EACH):
            takes.play("send call to acknowledged", API, lambda n=number: _send(stack, f"send {n}"))  # type: ignore[misc]
        with stack.watch(SESSION) as watcher:
            for number in range(EACH):
                text = f"watched {number}"
                takes.play(
                    "phone's text to watcher",
                    POST,
                    lambda t=text: (phone.say(SESSION, t), next_frame(watcher, "message")),  # type: ignore[misc]
                )
        _to_webhook(takes, phone, ear)


def _to_webhook(takes: Takes, phone: Phone, ear: WebhookEar) -> None:
    stack = takes.stack
    answer = stack.put(f"/api/sessions/{SESSION}/webhook", {"webhook_url": ear.url})
    expect(answer.ok, answer.text)
    for number in range(-WARM, EACH):
        text = f"posted {number} {time.time()}"
        if number < 0:
            ear.until(text, lambda t=text: phone.say(SESSION, t))  # type: ignore[misc]
        else:
            takes.play(
                "phone's text to webhook",
                DELIVER,
                lambda t=text: ear.until(t, lambda: phone.say(SESSION, t)),  # type: ignore[misc]
            )


def _send(stack: Stack, text: str) -> None:
    answer = send(stack, SESSION, FRIEND, text)
    expect(answer.status_code == HTTPStatus.OK, answer.text)
