"""HTTP routes by which the media hosts are looked at, let files expire, and fail."""

from typing import Any, Final

from aiohttp import web

from infra.whatsapp_server.control.request import Fields, body
from infra.whatsapp_server.errors import BadRequest, UnknownFile
from infra.whatsapp_server.media import MediaFault, NoSuchMedia, Stored
from infra.whatsapp_server.network import Network

_MOST = 100
_LONGEST_DELAY_MS: Final = 600_000
_LONGEST_S: Final = 10 * 365 * 86_400
_LARGEST: Final = 1 << 40


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    routes = _MediaRoutes(network)
    app.router.add_get("/media", routes.every)
    app.router.add_post("/media/expire", routes.expire)
    app.router.add_post("/media/lifetimes", routes.lifetimes)
    app.router.add_post("/faults/media", routes.fault)


class _MediaRoutes:
    def __init__(self, network: Network) -> None:
        self._media = network.media

    async def every(self, _request: web.Request) -> web.Response:
        """All files that were ever uploaded, the oldest first; ``kept`` says of each whether it is there still."""
        files = [self._shown(stored) for stored in sorted(self._media.every(), key=lambda one: one.stored_at)]
        return web.json_response({"files": files})

    async def expire(self, request: web.Request) -> web.Response:
        """`{direct_path?}`: end the time of one file, or of all."""
        path = (await body(request)).optional_text("direct_path")
        ended = [path] if path else [one.direct_path for one in self._media.every() if self._media.has(one)]
        try:
            for one in ended:
                self._media.expire(one)
        except NoSuchMedia:
            raise UnknownFile("No such file was ever uploaded here.") from None
        return web.json_response({"expired": len(ended)})

    async def lifetimes(self, request: web.Request) -> web.Response:
        """`{connection_s?, file_s?}`: how long what clients are told of media holds from now on, and what they upload.

        The former is the `ttl` of hosts and token. Who leaves one out leaves it as it is.
        """
        fields, media = await body(request), self._media
        media.connection_ttl_s = fields.integer(
            "connection_s", default=media.connection_ttl_s, lowest=1, highest=_LONGEST_S
        )
        media.lasts_s = fields.integer("file_s", default=media.lasts_s, lowest=1, highest=_LONGEST_S)
        return web.json_response({"connection_s": media.connection_ttl_s, "file_s": media.lasts_s})

    async def fault(self, request: web.Request) -> web.Response:
        """`{method, times?, status?, delay_ms?, cut_after?, bytes_per_s?, altered?}`: let the next requests fail.

        `method` is GET for downloads or POST for uploads; each of both may answer a `status` in the place of all else,
        and be late. A download may be `cut_after` so many bytes, slowed down, and have a bit of its end changed.
        `times` is how many requests fail; 0 takes back what was planned.
        """
        fields = await body(request)
        method = fields.text("method")
        if method not in ("GET", "POST"):
            raise BadRequest("method must be GET or POST.")
        times = fields.integer("times", default=1, lowest=0, highest=_MOST)
        fault = MediaFault(
            method,
            _optional(fields, "status", 400, 599),
            fields.integer("delay_ms", default=0, lowest=0, highest=_LONGEST_DELAY_MS) / 1000,
            _optional(fields, "cut_after", 0, _LARGEST),
            _optional(fields, "bytes_per_s", 1, _LARGEST),
            fields.flag("altered"),
        )
        if times:
            self._media.faults.extend([fault] * times)
        else:
            self._media.faults.clear()
        return web.json_response({"planned": len(self._media.faults)})

    def _shown(self, stored: Stored) -> dict[str, Any]:
        return {
            "direct_path": stored.direct_path,
            "kind": stored.kind,
            "size": stored.size,
            "stored_at": stored.stored_at,
            "expires_at": stored.expires_at,
            "kept": self._media.has(stored),
        }


def _optional(fields: Fields, name: str, lowest: int, highest: int) -> int | None:
    if fields.optional_integer(name) is None:
        return None
    return fields.integer(name, default=lowest, lowest=lowest, highest=highest)
