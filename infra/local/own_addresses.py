"""The two APIs and the bucket at addresses of their own, as they answer where no edge stands in front (``EDGE=none``).

Here an address is a port. Both APIs have their stage before the path, as API Gateway's own addresses do.
"""

import socket
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from botocore.awsrequest import AWSPreparedRequest
from botocore.hooks import BaseEventHooks

from infra.local.bucket import Bucket
from infra.local.front import AWS, PHONES, loopback_socket, only_local
from infra.local.page import PageSite
from infra.local.rest import PAYLOAD_LIMIT, RestApi
from infra.local.sockets import STAGE, SocketApi

PREFIX: Final = f"/{STAGE}"
"""The stage, with which both APIs' paths begin."""


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """The ports of the WebSocket API and of the bucket, free ones that are taken at once."""

    sockets: socket.socket = field(default_factory=loopback_socket)
    bucket: socket.socket = field(default_factory=loopback_socket)

    @property
    def sockets_url(self) -> str:
        """Where WebSockets are opened."""
        return f"ws://localhost:{self.sockets.getsockname()[1]}{PREFIX}"

    @property
    def bucket_url(self) -> str:
        """What stands before the bucket's name in its addresses."""
        return f"http://127.0.0.1:{self.bucket.getsockname()[1]}"


def rest_app(
    rest: RestApi, phones: web.Application | None, page: PageSite, *, faults: web.Application
) -> web.Application:
    """Return the REST API at its own address, and beside its stage what the local stack has besides."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stage, path = _divided(request)
        return await rest.handle(request, path, staged=True) if stage == PREFIX else _forbidden()

    app = web.Application(middlewares=[only_local], client_max_size=PAYLOAD_LIMIT)
    if phones is not None:
        app.add_subapp(PHONES, phones)
    app.add_subapp(AWS, faults)
    page.add_special(app, PREFIX)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def sockets_app(sockets: SocketApi) -> web.Application:
    """Return the WebSocket API at its own address, whose path is the stage and nothing else."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if _divided(request) != (PREFIX, "/"):
            return _forbidden()
        return await sockets.handle(request, dict(request.query.items()))

    app = web.Application(middlewares=[only_local])
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def bucket_app(bucket: Bucket) -> web.Application:
    """Return the bucket at its own address, as S3 has it by path: its name, then the key."""
    app = web.Application(middlewares=[only_local], client_max_size=PAYLOAD_LIMIT)
    bucket.add_alone(app)
    return app


def _divided(request: web.Request) -> tuple[str, str]:
    """Return the stage with its slash, and the path behind it."""
    stage, slash, rest = request.rel_url.raw_path.removeprefix("/").partition("/")
    return f"/{stage}", f"{slash}{rest}" or "/"


def _forbidden() -> web.Response:
    """Return API Gateway's answer for what is no stage."""
    return web.json_response({"message": "Forbidden"}, status=403)


def lead_to_local_aws(events: BaseEventHooks, bucket_url: str, aws_url: str) -> None:
    """Have what S3's clients ask at the bucket's address go to the local AWS; what they sign is for that address."""

    def lead(request: AWSPreparedRequest, **_: object) -> None:
        if request.url.startswith(f"{bucket_url}/"):
            request.url = aws_url + request.url.removeprefix(bucket_url)

    events.register_first("before-send.s3", lead, unique_id=bucket_url)
