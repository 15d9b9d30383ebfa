"""A way to moto without a socket, for the AWS clients of its own process: the functions' and the stack's own.

They send, sign and read as ever. Only what would go over loopback to a thread of the same process, which waits for the
same interpreter lock, is answered where it is asked.
"""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.hooks import BaseEventHooks

from infra.local.moto_direct import Call
from infra.local.moto_server import MotoServer


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


def _call(request: AWSPreparedRequest) -> Call:
    parts = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return Call(parts.path, {"host": parts.netloc} | headers, _bytes(request.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


class _Raw(io.BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.getvalue()
