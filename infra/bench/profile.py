"""``python -m infra.bench.profile``: where the processor's time of a send goes, and of a receive, layer by layer.

py-spy looks at the stack's process and at the session's worker from outside. A sample belongs to the innermost of its
calls that is in a layer's files: what Python's own library does is its caller's.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra import REPOSITORY
from infra.bench import times
from infra.local.client import Phone, Stack, expect, next_frame, processor_ms, send

SESSION: Final = "628111300001"
FRIEND: Final = "628777300001"
WARM: Final = 10
SETTLE: Final = 1.0
"""Seconds in which what a message sets off ends."""
RATE: Final = 500
"""Samples a second."""

Call = tuple[str, str]
"""The path of a function's file, from the repository or among the packages, and its name."""
Layers = Mapping[str, tuple[str, ...]]
"""The beginnings of the paths of each layer's files."""

_BOTOCORE: Final = ("boto3/", "botocore/", "s3transfer/", "urllib3/")
_SERVICES: Final = (
    "chalicelib/bootstrap/",
    "chalicelib/config",
    "chalicelib/dialects/",
    "chalicelib/domain/",
    "chalicelib/reading",
    "chalicelib/services/",
)
STACK: Final[Layers] = {
    "front": (
        "aiohttp/",
        "infra/local/bucket",
        "infra/local/connections",
        "infra/local/framing",
        "infra/local/front",
        "infra/local/page",
        "infra/local/sockets",
    ),
    "Chalice's local gateway": ("chalice/local", "infra/local/rest"),
    "api and triggers": ("app.py", "chalice/", "chalicelib/api/", "chalicelib/triggers"),
    "services": _SERVICES,
    "adapters": ("chalicelib/adapters/",),
    "botocore": _BOTOCORE,
    "moto": ("infra/local/moto/", "moto/", "werkzeug/"),
    "roles": ("infra/local/faults", "infra/local/iam/"),
    "stream and journal": ("infra/local/persistence", "infra/local/shard", "infra/local/state"),
    "functions and pumps": (
        "infra/local/functions",
        "infra/local/mappings",
        "infra/local/pumps",
        "infra/local/queues",
        "infra/local/streams",
    ),
    "loopback WhatsApp": ("chalicelib/wire/", "infra/whatsapp_server/", "websockets/"),
}
WORKER: Final[Layers] = {
    "worker": ("chalicelib/worker/", "chalicelib/wire/"),
    "services": _SERVICES,
    "adapters": ("chalicelib/adapters/",),
    "botocore": _BOTOCORE,
    "library, in Python": ("neonize/",),
}
REST: Final = "event loop, threads"
NATIVE: Final = "native threads"
"""What no Python thread took: in the worker the library's own, in the stack next to nothing."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A process's milliseconds on the processors: the whole, and those of its Python threads by stack.

    A stack has the innermost call first. The samples' sum is an estimate, the whole isn't.
    """

    whole: float
    stacks: Mapping[tuple[Call, ...], float]


def read_stacks(raw: str, rate: int = RATE) -> dict[tuple[Call, ...], float]:
    """Return the milliseconds by stack that py-spy recorded, in its raw format, at ``rate`` samples a second."""
    found: Counter[tuple[Call, ...]] = Counter()
    for line in raw.splitlines():
        calls, _, count = line.rpartition(" ")
        # A process that runs on while it is looked at shows a name that isn't one, now and then.
        if not count.isdecimal():
            continue
        found[tuple(_call(one) for one in reversed(calls.split(";")))] += int(count)
    return {stack: count * 1000 / rate for stack, count in found.items()}


def _call(written: str) -> Call:
    """Read ``name (path)``; there is no path where the interpreter itself is at work."""
    name, _, path = written.removesuffix(")").rpartition(" (")
    return path.removeprefix(f"{REPOSITORY}/").rpartition("site-packages/")[2], name or written


def by_layer(spent: Spent, layers: Layers) -> dict[str, float]:
    """Return the milliseconds of each layer, of REST and of NATIVE, which together are the whole."""
    found = dict.fromkeys((*layers, REST), 0.0)
    for stack, share in spent.stacks.items():
        found[_place(stack, layers)[0]] += share
    sampled = sum(found.values())
    if sampled > spent.whole:
        found = {layer: share * spent.whole / sampled for layer, share in found.items()}
    return {**found, NATIVE: max(0.0, spent.whole - sampled)}


def busiest(spent: Spent, layers: Layers, count: int) -> dict[str, list[tuple[str, float]]]:
    """Return by layer the ``count`` calls of its files in which most time is spent, what they call included."""
    found: dict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for stack, share in spent.stacks.items():
        layer, place = _place(stack, layers)
        for path, name in set(stack[place:]):
            if path.startswith(layers.get(layer, "")):
                found[layer][f"{path}:{name}"] += share
    return {layer: sorted(calls.items(), key=lambda one: -one[1])[:count] for layer, calls in found.items()}


def _place(stack: Sequence[Call], layers: Layers) -> tuple[str, int]:
    """Return a stack's layer, and the place of the call that decides it."""
    for place, (path, _) in enumerate(stack):
        for layer, beginnings in layers.items():
            if path.startswith(beginnings):
                return layer, place
    return REST, 0


@dataclass
class Recording:
    """What one process spends while the block of ``recorded`` runs; read it after the block."""

    spent: Spent = field(default_factory=lambda: Spent(0.0, {}))


@contextmanager
def recorded(process: int, file: Path) -> Iterator[Recording]:
    """Have py-spy look at a process while the block runs; ``file`` is where it writes."""
    recording = Recording()
    command = [str(Path(sys.executable).parent / "py-spy"), "record", "--pid", str(process), "--nonblocking", "--gil"]
    options = ["--full-filenames", "--nolineno", "--format", "raw", "--rate", str(RATE), "--output", str(file)]
    spy = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        told = spy.stdout.readline() if spy.stdout else ""
        if "Sampling" not in told:
            raise SystemExit(f"py-spy may not look at other processes (kernel.yama.ptrace_scope=0 lets it): {told}")
        before = processor_ms(process)
        yield recording
        whole = processor_ms(process) - before
    finally:
        spy.send_signal(signal.SIGINT)
        spy.communicate()
    recording.spent = Spent(whole, read_stacks(file.read_text()))


def report(state: Path, count: int, top: int) -> Iterator[str]:
    """Send and receive ``count`` messages; yield a message's milliseconds by layer, and each layer's ``top`` calls."""
    stack = Stack(state / "stack", {"SEND_BURST": "100000"})
    stack.start()
    try:
        phone = Phone(stack, FRIEND).switch_on()
        stack.link(SESSION)
        processes = (stack.process.pid if stack.process else 0, *stack.serving())
        for name, message in (("send", _sending), ("receive", _receiving)):
            with message(stack, phone) as act:
                _repeat(act, WARM)
                with ExitStack() as ending:
                    mine, workers = (
                        ending.enter_context(recorded(process, state / f"{name} {process}")) for process in processes
                    )
                    _repeat(act, count)
            yield from lines(f"{name}: stack", mine.spent, STACK, count, top)
            yield from lines(f"{name}: worker", workers.spent, WORKER, count, top)
    finally:
        stack.stop()


@contextmanager
def _sending(stack: Stack, _: Phone) -> Iterator[Callable[[str], None]]:
    def act(text: str) -> None:
        answer = send(stack, SESSION, FRIEND, text)
        expect(answer.status_code == 200, answer.text)

    yield act


@contextmanager
def _receiving(stack: Stack, phone: Phone) -> Iterator[Callable[[str], None]]:
    with stack.watch(SESSION) as watcher:

        def act(text: str) -> None:
            phone.say(SESSION, text)
            next_frame(watcher, "message")

        yield act


def _repeat(act: Callable[[str], None], count: int) -> None:
    for number in range(count):
        act(str(number))
    time.sleep(SETTLE)


def lines(title: str, spent: Spent, layers: Layers, count: int, top: int) -> Iterator[str]:
    """Yield the lines of one process, whose time is that of ``count`` messages."""
    calls = busiest(spent, layers, top) if top else {}
    yield f"{title:32} {spent.whole / count:9.2f} ms"
    for layer, share in sorted(by_layer(spent, layers).items(), key=lambda one: -one[1]):
        yield f"  {layer:30} {share / count:9.2f} ms {100 * share / (spent.whole or 1):6.1f} %"
        for call, part in calls.get(layer, []):
            yield f"      {part / count:9.2f} ms  {call}"


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=times, default=100, help="how many are sent, and received (default 100)")
    parser.add_argument("--top", type=int, default=0, help="show so many of each layer's calls (default none)")
    chosen = parser.parse_args()
    print(f"The processor's time of a message, from {chosen.messages} sent and as many received:", flush=True)
    with tempfile.TemporaryDirectory() as state:
        for line in report(Path(state), chosen.messages, chosen.top):
            print(line, flush=True)


if __name__ == "__main__":
    main()
