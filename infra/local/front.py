"""The one local port: what CloudFront and the two API Gateways are in the cloud, and the virtual phones' control."""

from typing import Final
from urllib.parse import unquote

from aiohttp import web

from chalicelib.dialects import websocket_paths
from chalicelib.domain.edge import door, strip
from infra.local.guard import only_local
from infra.local.rest import PAYLOAD_LIMIT, RestApi
from infra.local.sockets import SocketApi

PHONES: Final = "/_local/whatsapp/"


def front_app(rest: RestApi, sockets: SocketApi, phones: web.Application | None) -> web.Application:
    """Return the front; ``phones`` is there only with the loopback WhatsApp."""
    paths = websocket_paths()

    async def handle(request: web.Request) -> web.StreamResponse:
        way = door(request.rel_url.raw_path, request.query, paths)
        if way.api == "rest":
            return await rest.handle(request, way.path)
        # API Gateway decodes what the edge put into the query.
        added = {name: unquote(value) for name, value in way.parameters.items()}
        return await sockets.handle(request, strip(dict(request.query.items())) | added)

    app = web.Application(middlewares=[only_local], client_max_size=PAYLOAD_LIMIT)
    if phones is not None:
        app.add_subapp(PHONES, phones)
    app.router.add_route("*", "/{path:.*}", handle)
    return app
