"""moto's server in this process: on loopback, for programs only, one DynamoDB request at a time."""

import io
import json
import logging
import socket
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import RLock, Thread
from typing import Any, Final, Self

from moto.core.model_instances import model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from infra.local.moto_direct import JSON, Answer, Call, answered
from infra.local.moto_handler import GlancingHandler
from infra.local.moto_sizes import count_items_as_dynamodb_does
from infra.local.quick import make_moto_quick
from infra.local.sqs import make_queues_safe

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FORBIDDEN: Final = "403 Forbidden"
Denial = Callable[[str, str, bytes], str | None]
"""Says why a request is not allowed, if it isn't, from its ``Authorization``, its ``X-Amz-Target`` and its body."""

log = logging.getLogger(__name__)


class MotoServer:
    """A running server; once they are set, ``during_write`` wraps each DynamoDB request and ``denial`` judges all."""

    def __init__(self) -> None:
        self.denial: Denial = lambda _authorization, _target, _body: None
        self.during_write: Callable[[], AbstractContextManager[object]] = nullcontext
        self._lock = RLock()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        make_moto_quick()
        count_items_as_dynamodb_does()
        make_queues_safe()
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

    def answer(self, call: Call) -> Answer:
        """Answer a direct call, for whoever has it in this process."""
        denied = self.denial(call.headers.get("authorization", ""), call.target, call.body)
        if denied is not None:
            return Answer(400, {"content-type": JSON}, _refusal(denied))
        if not call.target.startswith("DynamoDB_"):
            return answered(call)
        try:
            # moto reads and writes a table without locks: conditions could be checked against what is changing.
            with self._lock, self.during_write():
                return answered(call)
        except OSError:
            log.exception("%s could not be written down", call.target)
            return Answer(500, {"content-type": JSON}, _error("InternalServerError", "The disk doesn't take it."))

    def _guarded(self, application: Wsgi) -> Wsgi:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            # A browser names where its page came from; AWS clients never do.
            if "HTTP_ORIGIN" in environ:
                start_response(FORBIDDEN, [("Content-Length", "0")])
                return []
            target = environ.get("HTTP_X_AMZ_TARGET", "")
            # The body comes first: a client that freezes while sending must not hold the lock.
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            denied = self.denial(environ.get("HTTP_AUTHORIZATION", ""), target, body)
            if denied is not None:
                start_response("400 Bad Request", [("Content-Type", JSON)])
                return [_refusal(denied)]
            if not target.startswith("DynamoDB_"):
                return application(environ, start_response)
            # The answer is begun only when all is written down.
            with self._lock, self.during_write():
                return list(application(environ, start_response))

        return answer


def _refusal(sentence: str) -> bytes:
    return _error("AccessDeniedException", sentence)


def _error(kind: str, sentence: str) -> bytes:
    return json.dumps({"__type": kind, "message": sentence}).encode()


class _Forgetful(list[Any]):
    """A list that takes nothing in."""

    def append(self, _: object) -> None:
        """Let it go."""


def keep_no_instances() -> None:
    """Stop moto from keeping every item, record and message that it ever made.

    Its model classes list their instances for a dashboard, which would hold a long-running stack's whole past.
    """
    for classes in model_data.values():
        for model in classes.values():
            model.instances_tracked = _Forgetful()  # type: ignore[attr-defined]
