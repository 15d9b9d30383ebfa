"""moto's server in this process: on loopback, for programs only, one DynamoDB request at a time.

werkzeug parses a request like an e-mail, starts a thread for it and closes its connection.

They send, sign and read as ever. Only what would go over loopback to a thread of the same process, which waits for the
same interpreter lock, is answered where it is asked.
"""

import io
import json
import logging
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from http import HTTPStatus
from threading import RLock, Thread
from typing import Any, Final, Protocol, Self
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.hooks import BaseEventHooks
from moto import settings
from moto.core.model_instances import model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.local.moto import s3
from infra.local.moto.direct import JSON, PLACES, MotoAnswer, MotoCall, answered
from infra.local.moto.dynamodb import repair_dynamodb
from infra.local.moto.patching import Place, put_in_place
from infra.local.moto.sqs import asked_over, make_queues_safe

GLANCE: Final = 65536
"""Bytes of a request that are looked at; a head is much shorter."""
UNUSUAL: Final = frozenset({"origin", "expect", "transfer-encoding", "content-encoding"})
"""Headers that leave a request to werkzeug; AWS clients don't send them to the busiest services."""


class GlancingHandler(MotoRequestHandler):
    """Serves one connection; the server's ``direct`` answers calls, its ``connections`` knows who is connected."""

    def handle(self) -> None:
        """Answer direct calls until another request comes, which is left to werkzeug."""
        direct: Callable[[MotoCall], MotoAnswer] = self.server.direct  # type: ignore[attr-defined]
        connections: set[socket.socket] = self.server.connections  # type: ignore[attr-defined]
        connections.add(self.connection)
        try:
            with suppress(ConnectionError):
                while (call := _next(self.connection)) is not None:
                    with asked_over(self.connection):
                        answer = direct(call)
                    self.connection.sendall(_written(answer))
                super().handle()
        finally:
            connections.discard(self.connection)


def _next(connection: socket.socket) -> MotoCall | None:
    """Take the next call off the connection, or return None and take nothing if it begins otherwise."""
    head, complete, _ = connection.recv(GLANCE, socket.MSG_PEEK).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not (complete and first.startswith("POST /") and first.endswith(" HTTP/1.1")):
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path = first.split(" ")[1]
    if headers.keys() & UNUSUAL or not MotoCall(path, headers, b"").direct:
        return None
    start, length = len(head) + len(complete), int(headers.get("content-length", 0))
    # A client that ends while it sends gets no answer.
    whole = connection.recv(start + length, socket.MSG_WAITALL)
    return MotoCall(path, headers, whole[start:]) if len(whole) == start + length else None


def _written(answer: MotoAnswer) -> bytes:
    status = HTTPStatus(answer.status)
    headers: dict[str, Any] = {**answer.headers, "content-length": len(answer.body)}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FORBIDDEN: Final = "403 Forbidden"
ERRORS: Final = 400
"""The least status of an error."""
Denial = Callable[[str, str, bytes], str | None]
"""Says why a request is not allowed, if it isn't, from its ``Authorization``, its ``X-Amz-Target`` and its body."""


class Recorder(Protocol):
    """Takes down requests while it is ``on``."""

    @property
    def on(self) -> bool:
        """Whether requests are taken down now."""

    def note(
        self, authorization: str, target: str, body: bytes, /, *, took: float, answer: bytes, refused: bool
    ) -> None:
        """Take down a request that was just answered, after ``took`` seconds."""


class RequestDelays(Protocol):
    """What a request waits for, by its ``Authorization`` and ``X-Amz-Target``."""

    def before(self, authorization: str, target: str, /) -> None:
        """Wait before the request is carried out."""

    def after(self, authorization: str, target: str, answer: bytes, /) -> None:
        """Wait before its ``answer`` is given."""


log = logging.getLogger(__name__)


class MotoServer:
    """A running server.

    Once they are set, ``denial`` judges all requests, ``unavailable`` says by ``Authorization`` and ``X-Amz-Target`` of
    which AWS has no answer just now, ``during_write`` wraps each of DynamoDB's, and ``during_object``
    each of S3's. Of each request that wrote or removed an object ``after_object`` is told bucket and key before the
    answer; without a key, of many. ``recorder`` is told of every request with its answer while it is on.
    ``delays``, if there are any, are waited for in the thread of the request, which holds no lock then.
    """

    def __init__(self) -> None:
        self.denial: Denial = lambda _authorization, _target, _body: None
        self.unavailable: Callable[[str, str], bool] = lambda _authorization, _target: False
        self.during_write: Callable[[], AbstractContextManager[object]] = nullcontext
        self.during_object: AbstractContextManager[object] = nullcontext()
        self.after_object: Callable[[str, str], None] = lambda _bucket, _key: None
        self.recorder: Recorder | None = None
        self.delays: RequestDelays | None = None
        self._lock = RLock()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        repair_dynamodb()
        make_queues_safe()
        put_in_place((*PLACES, Place(settings, "ec2_load_default_amis", _no_images)))
        application = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._guarded(application), threaded=True, request_handler=GlancingHandler
        )
        self._connections = set[socket.socket]()
        vars(self._server).update(direct=self.answer, connections=self._connections)
        self._ended = False
        self._thread = Thread(target=self._serve, name="moto", daemon=True)

    @property
    def url(self) -> str:
        """The endpoint for AWS clients."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        # One last connection: the server's own end would look every half a second whether it has come.
        socket.create_connection(self._server.server_address[:2]).close()  # type: ignore[arg-type]
        self._thread.join()
        self._server.server_close()
        for one in list(self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while not self._ended:
            self._server.handle_request()

    def answer(self, call: MotoCall) -> MotoAnswer:
        """Answer a direct call that comes from within this process."""
        began = time.monotonic()
        given = self._delayed(call)
        recorder = self.recorder
        if recorder is not None and recorder.on:
            signed, took = call.headers.get("authorization", ""), time.monotonic() - began
            recorder.note(signed, call.target, call.body, took=took, answer=given.body, refused=given.status >= ERRORS)
        return given

    def _delayed(self, call: MotoCall) -> MotoAnswer:
        if self.delays is None:
            return self._answered(call)
        asked = call.headers.get("authorization", ""), call.target
        self.delays.before(*asked)
        given = self._answered(call)
        self.delays.after(*asked, given.body)
        return given

    def _answered(self, call: MotoCall) -> MotoAnswer:
        denied = self.denial(call.headers.get("authorization", ""), call.target, call.body)
        if denied is not None:
            return MotoAnswer(400, {"content-type": JSON}, _refusal(denied))
        if self.unavailable(call.headers.get("authorization", ""), call.target):
            return MotoAnswer(503, {"content-type": JSON}, _UNAVAILABLE)
        if not call.target.startswith("DynamoDB_"):
            return answered(call)
        try:
            # moto reads and writes a table without locks: conditions could be checked against what is changing.
            with self._lock, self.during_write():
                return answered(call)
        except OSError:
            log.exception("%s could not be written down", call.target)
            return MotoAnswer(500, {"content-type": JSON}, _error("InternalServerError", "The disk doesn't take it."))

    def _guarded(self, application: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            # A browser names where its page came from; AWS clients never do.
            if "HTTP_ORIGIN" in environ:
                start_response(FORBIDDEN, [("Content-Length", "0")])
                return []
            # The body comes first: a client that freezes while sending must not hold the lock.
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            asked = s3.named(environ) or (environ.get("HTTP_X_AMZ_TARGET", ""), body)
            recorder = self.recorder
            if recorder is None or not recorder.on:
                return self._judged(application, environ, start_response, asked)
            began, said = time.monotonic(), [""]

            def start(status: str, *more: Any) -> Any:
                said[0] = status
                return start_response(status, *more)

            answered = list(self._judged(application, environ, start, asked))
            signed, took = environ.get("HTTP_AUTHORIZATION", ""), time.monotonic() - began
            recorder.note(signed, *asked, took=took, answer=b"".join(answered), refused=said[0] >= str(ERRORS))
            return answered

        return answer

    def _judged(
        self,
        application: Wsgi,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        asked: tuple[str, bytes],
    ) -> Iterable[bytes]:
        target = asked[0]
        if self.delays is not None:
            self.delays.before(environ.get("HTTP_AUTHORIZATION", ""), target)
        of_s3 = target.startswith(f"{s3.SERVICE}.")
        denied = self.denial(environ.get("HTTP_AUTHORIZATION", ""), *asked)
        if denied is not None:
            start_response(FORBIDDEN if of_s3 else "400 Bad Request", [("Content-Type", s3.XML if of_s3 else JSON)])
            return [s3.refusal(denied) if of_s3 else _refusal(denied)]
        if self.unavailable(environ.get("HTTP_AUTHORIZATION", ""), target):
            start_response("503 Service Unavailable", [("Content-Type", JSON)])
            return [_UNAVAILABLE]
        if of_s3:
            with self.during_object:
                answer = list(application(environ, start_response))
                if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
                    self.after_object(*s3.place(environ))
            return answer
        if not target.startswith("DynamoDB_"):
            return application(environ, start_response)
        # The answer is begun only when all is written down.
        with self._lock, self.during_write():
            return list(application(environ, start_response))


def _refusal(sentence: str) -> bytes:
    return _error("AccessDeniedException", sentence)


def _error(kind: str, sentence: str) -> bytes:
    return json.dumps({"__type": kind, "message": sentence}).encode()


_UNAVAILABLE: Final = _error("ServiceUnavailable", "The service can't answer just now.")


class _Forgetful(list[Any]):
    """A list that takes nothing in."""

    def append(self, _: object) -> None:
        """Drop the instance."""


def _no_images() -> bool:
    """Answer moto that it needs no machine images: it would make over a thousand for a stack that starts none."""
    return False


def keep_no_instances() -> None:
    """Stop moto from keeping every item, record and message that it ever made.

    Its model classes list their instances for a dashboard, which would hold a long-running stack's whole past.
    """
    for classes in model_data.values():
        for model in classes.values():
            model.instances_tracked = _Forgetful()  # type: ignore[attr-defined]


def answer_inside(events: BaseEventHooks, server: MotoServer) -> None:
    """Have ``server`` answer what the clients with these events, a session's or a client's, ask it directly."""

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        if not request.url.startswith(f"{server.url}/") or request.method != "POST":
            return None
        call = _call(request)
        if not call.direct:
            return None
        given = server.answer(call)
        headers: Any = given.headers  # any mapping serves
        return AWSResponse(request.url, given.status, headers, _Raw(given.body))

    # A client has its session's handlers as well: were both asked, all would happen twice.
    events.register("before-send", answer, unique_id=server.url)  # type: ignore[arg-type]  # this handler may answer


def _call(request: AWSPreparedRequest) -> MotoCall:
    parts = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return MotoCall(parts.path, {"host": parts.netloc} | headers, _bytes(request.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


class _Raw(io.BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.getvalue()
