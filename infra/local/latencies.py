"""AWS's latencies, played: each call and each hand-over of the local AWS takes as much longer as a table says.

A delay is drawn from the lognormal distribution that has the hop's median and 95th percentile. It is waited for where
the hop passes: in the caller's own thread, before the call has any effect, so that nobody else waits for it.
Without a table nothing waits and nothing is recorded.
"""

import asyncio
import math
import time
import tomllib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from threading import Lock
from typing import Final

from aiohttp import web

from infra.local.iam.callers import OPERATOR

P95: Final = 1.6448536269514722
"""How many standard deviations the 95th percentile of a normal distribution lies above its median."""
MOST: Final = 100_000
"""Hops that are kept; of more, the newest."""
_SERVICES: Final = {"AmazonEC2ContainerServiceV20141113": "ecs api", "secretsmanager": "secrets manager"}
_READS: Final = frozenset(("GetItem", "BatchGetItem"))
_QUERIES: Final = frozenset(("Query", "Scan"))
_TRANSACTIONS: Final = frozenset(("TransactWriteItems", "TransactGetItems"))


@dataclass(frozen=True, slots=True)
class HopLatency:
    """One hop's published or assumed latency, in milliseconds; ``source`` says which."""

    name: str
    p50: float
    p95: float
    source: str

    def draw(self, chance: Random) -> float:
        """Return a latency in seconds."""
        if not self.p50:
            return 0.0
        spread = math.log(max(self.p95, self.p50) / self.p50) / P95
        return self.p50 / 1000 * math.exp(spread * chance.gauss(0, 1))


def read_latencies(path: Path) -> dict[str, HopLatency]:
    """Read a table like ``infra/bench/latencies.toml``, by the hops' names."""
    return {one["name"]: HopLatency(**one) for one in tomllib.loads(path.read_text())["hop"]}


@dataclass(frozen=True, slots=True)
class PlayedHop:
    """A delay that somebody waited for: ``began`` in seconds since the Unix epoch, ``took`` in milliseconds.

    ``whose`` is who waited, by logical id: a function that was called, or whoever made a call.
    """

    name: str
    whose: str
    began: float
    took: float


@dataclass(eq=False, slots=True)
class Latencies:
    """The delays of one run; ``table`` is empty where none are played. Used from many threads.

    Each hop's delays are a sequence of its own, which ``seed`` decides.
    """

    table: Mapping[str, HopLatency] = field(default_factory=dict)
    seed: int = 0
    hops: deque[PlayedHop] = field(default_factory=lambda: deque(maxlen=MOST))
    _chances: dict[str, Random] = field(default_factory=dict)
    _idle: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def pause(self, name: str, whose: str) -> None:
        """Wait for the hop's latency in this thread."""
        if self.table:
            began, delay = time.time(), self._draw(name)
            time.sleep(delay)
            self._note(name, whose, began)

    async def later(self, name: str, whose: str) -> None:
        """Wait for the hop's latency in this task."""
        if self.table:
            began, delay = time.time(), self._draw(name)
            await asyncio.sleep(delay)
            self._note(name, whose, began)

    async def since(self, name: str, whose: str, began: float) -> None:
        """Wait in this task for what is left of the hop's latency; it ``began`` in seconds since the Unix epoch."""
        await asyncio.sleep(max(0.0, began + self._draw(name) - time.time()))
        self._note(name, whose, began)

    @contextmanager
    def invocation(self, function: str) -> Iterator[None]:
        """Call a function in this thread, in an execution environment that idles, else in a new one."""
        if not self.table:
            yield
            return
        with self._lock:
            warm = self._idle[function] > 0
            self._idle[function] -= warm
        try:
            self.pause("lambda invoke" if warm else "lambda cold start", function)
            yield
        finally:
            with self._lock:
                self._idle[function] += 1

    def _draw(self, name: str) -> float:
        with self._lock:
            chance = self._chances.setdefault(name, Random(f"{self.seed} {name}"))  # noqa: S311 - no secret
            return self.table[name].draw(chance)

    def _note(self, name: str, whose: str, began: float) -> None:
        self.hops.append(PlayedHop(name, whose, began, (time.time() - began) * 1000))


NO_LATENCIES: Final = Latencies()


def hop_of(target: str) -> str:
    """Return the hop that a request with that ``X-Amz-Target`` (S3's: ``s3.`` and the operation) is."""
    service, _, operation = target.rpartition(".")
    if service.startswith("DynamoDB_"):
        kinds = ((_READS, "read"), (_QUERIES, "query"), (_TRANSACTIONS, "transaction"))
        return f"dynamodb {next((kind for members, kind in kinds if operation in members), 'write')}"
    if service == "AmazonSQS":
        return "sqs send" if operation.startswith("SendMessage") else "sqs delete"
    if service == "AmazonS3":
        return "s3 read" if operation.startswith(("Get", "Head", "List")) else "s3 write"
    return _SERVICES.get(service, "aws api")


@dataclass(frozen=True, slots=True)
class CallLatencies:
    """The latencies of functions' and workers' own requests; the stack's own requests are AWS's, and take none.

    ``caller_of`` tells the caller from a request's ``Authorization``.
    """

    latencies: Latencies
    caller_of: Callable[[str], str | None]

    def before(self, authorization: str, target: str) -> None:
        """Wait before a request is carried out; a long poll waits once there is something to answer."""
        caller = self._caller(authorization)
        if caller and not target.endswith(".ReceiveMessage"):
            self.latencies.pause(hop_of(target), caller)

    def after(self, authorization: str, target: str, answer: bytes) -> None:
        """Wait before the answer of a long poll that brought something."""
        if target.endswith(".ReceiveMessage") and b'"MessageId"' in answer:
            caller = self._caller(authorization)
            if caller:
                self.latencies.pause("sqs receive", caller)

    def _caller(self, authorization: str) -> str | None:
        caller = self.caller_of(authorization) if self.latencies.table else None
        return None if caller == OPERATOR else caller


def latency_routes(latencies: Latencies) -> list[web.RouteDef]:
    """Return the route that tells of the delays so far. Not AWS's: no client knows it."""

    async def show(_: web.Request) -> web.Response:
        return web.json_response({"hops": [asdict(one) for one in list(latencies.hops)]})

    return [web.get("/latencies", show)]
