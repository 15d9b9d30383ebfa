"""``make calls`` plays a session's stories on the local stack, counts their calls of AWS and writes docs/calls.md.

A test plays them too, and fails when the page says something else.
"""

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, count, groupby, islice
from operator import and_
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final

import boto3
from websockets.sync.client import ClientConnection

from chalicelib.adapters.dynamodb.control import DynamoStandbys
from chalicelib.adapters.dynamodb.table import Table
from infra.local.client import Phone, Stack, eventually, expect, next_frame, send
from infra.local.iam.callers import WORKER
from infra.local.pumps import rule
from infra.template import TEMPLATE, load_template

PAGE: Final = Path(__file__).parent.parent / "docs" / "calls.md"
PLAYS: Final = 3
"""How often a story is played; what isn't in each play is no part of it."""
MOST_PLAYS: Final = 15
"""How often at the most, if in some of them events come together."""
CALM_S: Final = 1.0
"""Seconds without a call after which a story is over."""
BAD_REQUEST: Final = 400
API: Final = "APIHandler"
"""The function that answers calls of the API."""


@dataclass(frozen=True, slots=True, order=True)
class CallKind:
    """What calls have in common that count as the same: who makes them, which call it is, and about what."""

    caller: str
    call: str
    about: str


WHATSAPP: Final = CallKind(WORKER, "WhatsApp", "")
"""Not AWS's: where on the way WhatsApp is spoken to."""


@dataclass(frozen=True, slots=True)
class Story:
    """A story, and the kinds of calls that whoever waits for its end waits for, one after another."""

    name: str
    about: str
    way: tuple[CallKind, ...]
    play: Callable[["Ground"], "Play"]


@dataclass(frozen=True, slots=True)
class Cost:
    """The kinds of a story's calls, and how often each is made."""

    story: Story
    calls: Counter[CallKind]

    @property
    def beside(self) -> Counter[CallKind]:
        """The calls that nobody waits for."""
        return self.calls - Counter(self.story.way)

    def lines(self) -> list[str]:
        """Return the story's part of the page."""
        way = self.story.way
        heads = way[: way.index(WHATSAPP)] if WHATSAPP in way else ()
        before = f", {len(heads)} of them before WhatsApp is spoken to" if heads else ""
        waited = len([kind for kind in way if kind != WHATSAPP])
        return [
            f"## {self.story.name}",
            "",
            *self.story.about.splitlines(),
            "",
            f"{self.calls.total()} calls. {waited} are waited for, one after another{before}:",
            "",
            "| | | |",
            "|---|---|---|",
            *(_row(number, kind) for number, kind in _numbered(way)),
            "",
            "The others are made beside these, or after them:",
            "",
            "| | | |",
            "|---|---|---|",
            *(_row(number, kind) for kind, number in sorted(self.beside.items())),
        ]


def _numbered(way: Sequence[CallKind]) -> Iterator[tuple[str, CallKind]]:
    numbers = count(1)
    return ((f"{next(numbers)}." if kind != WHATSAPP else "", kind) for kind in way)


def _row(number: object, kind: CallKind) -> str:
    if kind == WHATSAPP:
        return "| | worker | WhatsApp itself |"
    caller = "worker" if kind.caller == WORKER else kind.caller
    about = f" `{kind.about}`" if kind.about else ""
    return f"| {number} | {caller} | {kind.call}{about} |"


def told(name: str) -> list[str]:
    """Return the lines of the page that are about that story."""
    lines = PAGE.read_text().splitlines()
    start = lines.index(f"## {name}")
    after = next((place for place in range(start + 1, len(lines)) if lines[place].startswith("## ")), len(lines) + 1)
    return lines[start : after - 1]


# ---- what is counted ----------------------------------------------------------------------------------------------


def counted(calls: Sequence[dict[str, Any]], scheduled: frozenset[str]) -> list[CallKind]:
    """Return the kinds of the recorded calls of one play, by when they were answered.

    Left out is what is done whatever happens: signs of life, polls that found nothing, and the functions in
    ``scheduled``; and what is about other sessions than the story. Of a function that waits, and reads the same again
    and again, one read counts, and not its place.
    """
    kept = [one for one in calls if not _regular(one, scheduled)]
    kept.sort(key=lambda one: float(one["began"] + one["took"] / 1000))
    named = Counter(key.partition(" ")[0] for one in kept for key in one["keys"] if key.startswith("S#"))
    others = frozenset(named) - {uid for uid, _ in named.most_common(1)}
    kept = [one for one in kept if not any(key.partition(" ")[0] in others for key in one["keys"])]
    looks = {id(one) for one in _repeated([one for one in kept if one["caller"] == API])}
    return [CallKind(one["caller"], one["call"], one["about"]) for one in kept if id(one) not in looks]


def _regular(call: dict[str, Any], scheduled: frozenset[str]) -> bool:
    renewal = call["about"].startswith(("LEASE", "STANDBY")) and "#until = :until" in call["changes"]
    # One that is refused tells a standby that it was given a session.
    sign_of_life = renewal and not call["refused"]
    empty_poll = call["call"] == "sqs.ReceiveMessage" and not call["found"]
    place = call["about"].startswith("WAIT#")
    return sign_of_life or empty_poll or place or call["caller"] in scheduled


def _repeated(calls: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the reads that the next one repeats."""
    for (call, _), same in groupby(calls, lambda one: (one["call"], one["keys"])):
        if call == "dynamodb.GetItem":
            yield from list(same)[:-1]


def apart(calls: Sequence[CallKind]) -> bool:
    """Whether each event of a play came to its functions by itself; two that come together cost less."""
    return not any(re.search(r"H#\{cursor\} \d", kind.about) for kind in calls)


def follows(way: Sequence[CallKind], calls: Sequence[CallKind]) -> bool:
    """Whether each caller's calls have its own of the way among them, in that order.

    Between callers no order is asked for: an answer may be on its way to one while the next has seen what it is about.
    """
    return all(
        _within([kind for kind in way if kind.caller == caller and kind != WHATSAPP], calls)
        for caller in {kind.caller for kind in way}
    )


def _within(way: Sequence[CallKind], calls: Sequence[CallKind]) -> bool:
    left = iter(calls)
    return all(kind in left for kind in way)


# ---- the stories --------------------------------------------------------------------------------------------------

FRIEND: Final = "628777500001"
WATCHED: Final = "628111500001"
HOOKED: Final = "628111500002"


class Hook:
    """An endpoint on this machine that takes every webhook."""

    def __init__(self) -> None:
        self.events: SimpleQueue[str] = SimpleQueue()
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                events.put(json.loads(body)["type"])

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def until(self, event: str) -> None:
        """Wait until it was told of such an event."""
        while self.events.get(timeout=60) != event:
            pass

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class Ground:
    """A running stack, and two linked sessions with a watcher each, one of them with a webhook as well."""

    def __init__(self, stack: Stack, phone: Phone, hook: Hook, watchers: dict[str, ClientConnection]) -> None:
        self.stack = stack
        self.phone = phone
        self.hook = hook
        self.watchers = watchers
        self._fresh = count(628111600001)
        rules = (rule(name, one) for name, one in load_template(TEMPLATE).of_type("AWS::Events::Rule").items())
        self._scheduled = frozenset(name for one in rules if one.every_s is not None for name in one.functions)
        running = json.loads((stack.state / "stack.json").read_text())
        client: Any = boto3.client("dynamodb", **running["aws"])
        self._standbys = DynamoStandbys(Table(client, running["resources"]["Table"]))

    @contextmanager
    def unlinked(self) -> Iterator[tuple[str, ClientConnection]]:
        """A session that was just created, and its watcher."""
        session = str(next(self._fresh))
        created = self.stack.post("/api/sessions", {"phone": session, "name": "calls"})
        expect(created.ok, created.text)
        with self.stack.watch(session) as watcher:
            yield session, watcher
        expect(self.stack.delete(f"/api/sessions/{session}").ok, "it wasn't deleted")

    def cost(self, story: Story) -> Cost:
        """Play the story so often as it takes; raises NotAsExpected if one play's calls don't have the way."""
        plays = list(islice(filter(apart, (self._calls(story) for _ in range(MOST_PLAYS))), PLAYS))
        expect(len(plays) == PLAYS, f"{story.name}: events come together again and again")
        return Cost(story, reduce(and_, map(Counter, plays)))

    def _calls(self, story: Story) -> list[CallKind]:
        playing = story.play(self)
        next(playing)
        self._calm()
        next(playing)
        self.stack.record_calls()
        next(playing)
        self._calm()
        calls = self._counted()
        expect(follows(story.way, calls), f"{story.name}: {story.way}\nisn't the way of\n{calls}")
        for _ in playing:
            pass
        return calls

    def _calm(self) -> None:
        """Wait until a standby is ready and nothing is being done."""
        eventually(lambda: any(one.ready and one.uid is None for one in self._standbys.all()))
        before, now = [CallKind("", "", "")], self._counted()
        while len(now) != len(before):
            time.sleep(CALM_S)
            before, now = now, self._counted()

    def _counted(self) -> list[CallKind]:
        return counted(self.stack.recorded_calls(), self._scheduled)


Play = Iterator[None]
"""It prepares, and yields; does what was done a moment before, and yields; is played, and yields; and tidies up."""


def _send(session: str) -> Callable[[Ground], Play]:
    def play(ground: Ground) -> Play:
        yield
        # Who sends has sent before: this is refused for its body, after its credential was looked up.
        expect(ground.stack.post(f"/api/sessions/{session}/send", {}).status_code == BAD_REQUEST, "it wasn't refused")
        yield
        answer = send(ground.stack, session, FRIEND, "hello")
        expect(answer.ok, answer.text)
        _told(ground.watchers[session], "delivered")
        if session == HOOKED:
            ground.hook.until("message.delivered")
        yield

    return play


def _told(watcher: ClientConnection, status: str) -> None:
    while next_frame(watcher, "message_status")["status"] != status:
        pass


def _receive(ground: Ground) -> Play:
    yield
    yield
    ground.phone.say(HOOKED, "hello")
    next_frame(ground.watchers[HOOKED], "message")
    ground.hook.until("message.received")
    yield


def _first_code(ground: Ground) -> Play:
    with ground.unlinked() as (session, watcher):
        yield
        yield
        expect(ground.stack.post(f"/api/sessions/{session}/connect").ok, "it wasn't connected")
        next_frame(watcher, "qr")
        yield


def _connection(ground: Ground) -> Play:
    with ground.unlinked() as (session, watcher):
        expect(ground.stack.post(f"/api/sessions/{session}/connect").ok, "it wasn't connected")
        code = ground.stack.code(session)
        yield
        yield
        expect(ground.stack.scan(code, session).ok, "it wasn't scanned")
        next_frame(watcher, "connected")
        yield


def _of(caller: str, *calls: str) -> tuple[CallKind, ...]:
    """Return the kinds of a caller's calls, each written as the call and what it is about."""
    return tuple(CallKind(caller, call.partition(" ")[0], call.partition(" ")[2]) for call in calls)


_MESSAGE: Final = "dynamodb.UpdateItem M#{ulid}"
_SESSION: Final = "dynamodb.GetItem SESSION"
_TELLING: Final = _of("Fanout", "dynamodb.Query R#{tenant}#{id} *")
_POST: Final = _of("Fanout", "execute-api.PostToConnection")
_RECORDING: Final = _of("Fanout", "dynamodb.BatchWriteItem H#{cursor}, T#{cursor}")
_AUTHENTICATION: Final = _of(API, "dynamodb.GetItem U#{name} USER")
_FINDING: Final = _of(API, _SESSION)
"""By its uid, which the function remembers."""
_REPORT: Final = _of(WORKER, "dynamodb.UpdateItem SESSION")

_SENDING: Final = (
    *_of(API, _SESSION, "dynamodb.PutItem PACE", "dynamodb.PutItem M#{ulid}", "sqs.SendMessage mailbox"),
    *_of(WORKER, "sqs.ReceiveMessage mailbox", "dynamodb.Query index open", _MESSAGE),
    WHATSAPP,
    *_of(WORKER, "dynamodb.PutItem A#{whatsapp_id}", _MESSAGE),
    *_of(API, "dynamodb.GetItem M#{ulid}"),
)
_RECEIVING: Final = (
    *_of(WORKER, "dynamodb.PutItem M#{ulid}"),
    *_of("Fanout", "dynamodb.BatchWriteItem H#{cursor}, LAST#{direction}, P#{chat}#{ulid}"),
    *_of("Fanout", "dynamodb.UpdateItem C#{chat}"),
    *_TELLING,
    *_POST,
    *_of("Fanout", "sqs.SendMessage DeliveryQueue"),
    *_of("Deliver", "dynamodb.BatchGetItem H#{cursor}, M#{ulid}, SESSION"),
)
_SHOWING: Final = (
    *_AUTHENTICATION,
    *_FINDING,
    *_of(
        API, "dynamodb.PutItem T#{tenant} RUN#{uid}", "dynamodb.Query T#{tenant} RUN#*", "dynamodb.UpdateItem SESSION"
    ),
    *_of("Control", "dynamodb.BatchGetItem LEASE, SESSION, TENANTS {tenant}", "dynamodb.Query STANDBY *"),
    *_of("Control", "dynamodb.UpdateItem STANDBY {worker}", "dynamodb.UpdateItem SESSION", "sqs.SendMessage mailbox"),
    *_of(WORKER, "sqs.ReceiveMessage mailbox", "dynamodb.UpdateItem STANDBY {worker}", "dynamodb.PutItem LEASE"),
    *_of(WORKER, "dynamodb.BatchGetItem LEASE, SESSION, TENANTS {tenant}"),
    WHATSAPP,
    *_REPORT,
    *_RECORDING,
    *_TELLING,
    *_TELLING,
    *_of("Fanout", _SESSION),
    *_POST,
)
_CONNECTING: Final = (*_REPORT, WHATSAPP, *_REPORT, *_RECORDING, *_TELLING, *_TELLING, *_POST)
STORIES: Final = (
    Story(
        "A send",
        """A text by `POST /api/sessions/{id}/send` to somebody who was written to before, until the one watcher of the
session was told that it was delivered. Its caller, who has sent something within the last three seconds, is the
one who waits; the first of a series has its credential and the session's uid read as well, a call each.""",
        _SENDING,
        _send(WATCHED),
    ),
    Story(
        "A send with a webhook",
        """The same in a session that has a webhook as well, until that was told, too.""",
        _SENDING,
        _send(HOOKED),
    ),
    Story(
        "A receive",
        """A text of a phone's, until the one watcher of the session and its webhook were told. The webhook waits
for it.""",
        _RECEIVING,
        _receive,
    ),
    Story(
        "A first code",
        """From `POST /api/sessions/{id}/connect` until the one watcher was shown the code, with a standby in the pool,
and until the next one is there. The watcher is the one who waits.""",
        _SHOWING,
        _first_code,
    ),
    Story(
        "A connection",
        """From a phone's scan until the one watcher was told that the session is connected.""",
        _CONNECTING,
        _connection,
    ),
)


@contextmanager
def ground(state: Path) -> Iterator[Ground]:
    """Start a stack with its state in that directory, and link the sessions."""
    with ExitStack() as ending:
        hook = Hook()
        ending.callback(hook.close)
        stack = Stack(state, {"SEND_BURST": "10000", "ARRIVALS_PER_MINUTE": "10000"})
        ending.callback(stack.stop)
        stack.start()
        phone = Phone(stack, FRIEND).switch_on()
        for session in (WATCHED, HOOKED):
            stack.link(session)
            # The first message to somebody needs their keys.
            expect(send(stack, session, FRIEND, "hello").ok, "it wasn't sent")
            phone.say(session, "hello")
        expect(stack.put(f"/api/sessions/{HOOKED}/webhook", {"webhook_url": hook.url}).ok, "the webhook wasn't set")
        watchers = {session: ending.enter_context(stack.watch(session)) for session in (WATCHED, HOOKED)}
        stack.record_calls()
        yield Ground(stack, phone, hook, watchers)


def main() -> None:
    """Play all stories, print how many calls each made, and write the page."""
    parts = []
    with tempfile.TemporaryDirectory() as state, ground(Path(state)) as here:
        for story in STORIES:
            cost = here.cost(story)
            print(f"{story.name}: {cost.calls.total()} calls", flush=True)
            parts.append(["", *cost.lines()])
    before = PAGE.read_text()
    after = "\n".join([before.partition("\n\n## ")[0], *chain.from_iterable(parts), ""])
    PAGE.write_text(after)
    print(f"docs/{PAGE.name} is {'as it was' if after == before else 'written anew'}.")


if __name__ == "__main__":
    main()
