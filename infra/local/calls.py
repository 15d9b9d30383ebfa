"""A record of the calls that functions and workers make to the local AWS, for as long as somebody wants one.

Off, it costs nothing. What the stack itself asks is not in it: there AWS's own services would do the asking.
"""

import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiohttp import web

from chalicelib.adapters.dynamodb.keys import KEYS
from infra.local.iam.callers import OPERATOR

MOST: Final = 100_000
"""Calls that are kept; of more, the newest."""
SERVICES: Final = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonS3": "s3",
}
"""Services by what their requests call them, where that isn't their name."""
_OF_WATCHERS: Final = {"POST": "PostToConnection", "GET": "GetConnection", "DELETE": "DeleteConnection"}
MAILBOX: Final = "mailbox"
"""What the queues of the workers are called, which have no name in the template."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call.

    ``began`` is in seconds since the Unix epoch, ``took`` in milliseconds and ends with the answer. ``about`` is the
    kind of key that a DynamoDB request names, as in ``adapters/dynamodb/keys.py``, without the pk where that is a
    session's; an index; a queue; else empty. ``keys`` are the keys themselves. ``changes`` is an UpdateItem's
    expression. ``found`` is how many items or messages came back, None where that isn't asked, and ``refused`` whether
    the answer was an error, such as that of a condition that didn't hold.
    """

    began: float
    took: float
    caller: str
    call: str
    about: str
    keys: tuple[str, ...] = ()
    changes: str = ""
    found: int | None = None
    refused: bool = False


class CallRecorder:
    """Takes down calls from ``begin`` to ``end``; ``queues`` are the queues' names in the template by their URL's end.

    ``caller_of`` tells the caller from a request's ``Authorization``. Used from many threads.
    """

    def __init__(self, caller_of: Callable[[str], str | None], queues: Mapping[str, str]) -> None:
        self._caller_of = caller_of
        self._queues = queues
        self._calls: deque[RecordedCall] = deque(maxlen=MOST)
        self.on = False

    def begin(self) -> None:
        """Forget what was recorded, and record from now on."""
        self._calls.clear()
        self.on = True

    def end(self) -> None:
        """Record no more; what was recorded stays."""
        self.on = False

    @property
    def calls(self) -> list[RecordedCall]:
        """The recorded calls by when they were answered."""
        return list(self._calls)

    def note(self, authorization: str, target: str, body: bytes, *, took: float, answer: bytes, refused: bool) -> None:
        """Take down a call that was just answered after ``took`` seconds, unless the stack itself made it."""
        caller = self._caller_of(authorization)
        if caller is None or caller == OPERATOR:
            return
        service, _, operation = target.rpartition(".")
        asked = json.loads(body or b"{}")
        keys = tuple(_keys(asked)) if service == "DynamoDB_20120810" else ()
        self._calls.append(
            RecordedCall(
                time.time() - took,
                took * 1000,
                caller,
                f"{SERVICES.get(service, service)}.{operation}",
                self._about(asked, keys),
                tuple(f"{pk} {sk}" for pk, sk in keys),
                asked.get("UpdateExpression", ""),
                _found(operation, answer),
                refused,
            )
        )

    def note_watcher(self, authorization: str, method: str, *, took: float, refused: bool) -> None:
        """Take down a request to ``@connections``."""
        target = f"execute-api.{_OF_WATCHERS.get(method, method)}"
        self.note(authorization, target, b"", took=took, answer=b"", refused=refused)

    def _about(self, asked: Mapping[str, Any], keys: tuple[tuple[str, str], ...]) -> str:
        if "QueueName" in asked:
            return MAILBOX
        if "QueueUrl" in asked:
            return self._queues.get(asked["QueueUrl"].rpartition("/")[2], MAILBOX)
        if "IndexName" in asked:
            return f"index {asked['IndexName']}"
        kinds = [kind_of(pk, sk) for pk, sk in keys]
        return ", ".join(f"{kind} {count}" if (count := kinds.count(kind)) > 1 else kind for kind in sorted(set(kinds)))


def kind_of(pk: str, sk: str) -> str:
    """Return the kind of a key; of a Query, whose ``sk`` is only the beginning of sort keys, what they begin with."""
    for named, keys in _PATTERNS:
        if keys.fullmatch(f"{pk}\n{sk}"):
            return named
    for one in KEYS:
        if re.fullmatch(_matching(one.pk), pk):
            return _named(one.pk, f"{sk}*")
    return f"{pk} {sk}"


def _named(pk: str, sk: str) -> str:
    return sk if pk == "S#{uid}" else f"{pk} {sk}"


def _matching(text: str) -> str:
    return ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text))


_PATTERNS: Final = tuple(
    (_named(one.pk, one.sk), re.compile(f"{_matching(one.pk)}\n{_matching(one.sk)}", re.DOTALL))
    # The longest fixed part first: what begins with another's letters is not the other.
    for one in sorted(KEYS, key=lambda one: (-len(re.sub(r"\{\w+\}", "", one.pk + one.sk)), one.sk.count("{")))
)


def _keys(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield partition and sort key of all that a DynamoDB request names."""
    for requests in asked.get("RequestItems", {}).values():
        for one in requests["Keys"] if isinstance(requests, dict) else requests:
            yield from _keys(next(iter(one.values()))) if isinstance(requests, list) else [_texts(one)]
    for one in asked.get("TransactItems", ()):
        yield from _keys(next(iter(one.values())))
    if found := asked.get("Key") or asked.get("Item"):
        yield _texts(found)
    elif "KeyConditionExpression" in asked:
        named = re.findall(r":\w+", asked["KeyConditionExpression"])
        values = [next(iter(asked["ExpressionAttributeValues"][name].values())) for name in named]
        yield values[0], values[1] if len(values) > 1 else ""


def _texts(item: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _found(operation: str, answer: bytes) -> int | None:
    """Return how many the answer to a request for several has; None for one that asks for none."""
    if operation not in {"Query", "ReceiveMessage"}:
        return None
    said = json.loads(answer or b"{}")
    return int(said.get("Count", len(said.get("Messages", ()))))


def queue_names(resources: Mapping[str, str]) -> dict[str, str]:
    """Return the template's names of queues by the ends of their URLs, from all resources by their names."""
    return {made.rpartition("/")[2]: name for name, made in resources.items() if name.endswith("Queue")}


def control_routes(recorder: CallRecorder) -> list[web.RouteDef]:
    """Return the routes: POST begins a record, DELETE ends it, GET returns the calls. Not AWS's: no client knows it."""

    async def begin(_: web.Request) -> web.Response:
        recorder.begin()
        return web.json_response({"recording": True})

    async def end(_: web.Request) -> web.Response:
        recorder.end()
        return web.json_response({"recording": False})

    async def show(_: web.Request) -> web.Response:
        return web.json_response({"calls": [asdict(one) for one in recorder.calls]})

    return [web.post("/calls", begin), web.delete("/calls", end), web.get("/calls", show)]
