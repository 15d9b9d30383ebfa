"""HTTP routes of the virtual phones, for the command line, the page and tests."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from io import BytesIO
from typing import Any

from aiohttp import web

from infra.whatsapp_server import scanning, typed_codes
from infra.whatsapp_server.accounts import Account, Device
from infra.whatsapp_server.camera import read_code
from infra.whatsapp_server.codes import LinkingCode
from infra.whatsapp_server.control import chats, faults, groups, media, passkeys, presence
from infra.whatsapp_server.control.request import body, phone_number
from infra.whatsapp_server.errors import BadRequest, PhoneError
from infra.whatsapp_server.linking import drop, unlink
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.proxy import ConnectProxy

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(network: Network, proxy: ConnectProxy, environment: Callable[[], dict[str, str]]) -> web.Application:
    """Return the routes, to be mounted under any prefix; `environment` returns a client process's variables."""
    phones = _Phones(network, proxy, environment)
    app = web.Application(middlewares=[_in_json])
    app.router.add_get("/phones", phones.every)
    app.router.add_get("/waiting", phones.waiting)
    app.router.add_post("/phones/scan", phones.scan)
    app.router.add_post("/phones/link-code", phones.type_code)
    app.router.add_post("/phones/{number}/unlink", phones.unlink)
    app.router.add_post("/phones/{number}/drop", phones.drop)
    app.router.add_get("/hosts", phones.hosts)
    app.router.add_get("/environment", phones.environment)
    chats.add(app, network)
    groups.add(app, network)
    faults.add(app, network)
    media.add(app, network)
    passkeys.add(app, network)
    presence.add(app, network)
    return app


@web.middleware
async def _in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a POST that any web page could have sent, and answer failures as JSON."""
    try:
        if request.method == "POST" and request.content_type != "application/json":
            answer = {"error": "Send JSON, with Content-Type: application/json.", "code": "unsupported_media_type"}
            return web.json_response(answer, status=415)
        return await handler(request)
    except PhoneError as error:
        return web.json_response({"error": str(error), "code": error.code}, status=error.status)


def _linked(account: Account, device: Device) -> web.Response:
    addresses = {"jid": str(account.jid.on(device.number)), "lid": str(account.lid_jid.on(device.number))}
    return web.json_response({"number": account.number, **addresses, "device": device.number})


def _read(picture: str) -> str:
    try:
        return read_code(BytesIO(b64decode(picture, validate=True)))
    except ValueError as error:
        raise BadRequest("picture must be in base64.") from error


class _Phones:
    def __init__(self, network: Network, proxy: ConnectProxy, environment: Callable[[], dict[str, str]]) -> None:
        self._network = network
        self._proxy = proxy
        self._environment = environment

    async def every(self, _request: web.Request) -> web.Response:
        """All phones with their linked devices, and how many devices wait for a phone."""
        phones = [self._shown(account) for account in self._network.accounts]
        return web.json_response({"phones": phones, "waiting": len(self._network.waiting)})

    async def waiting(self, _request: web.Request) -> web.Response:
        """What each device that waits for a phone says of itself."""
        devices = [
            {"platform": one.registration.platform, "history": asdict(one.registration.history)}
            for one in self._network.waiting
        ]
        return web.json_response({"devices": devices})

    async def scan(self, request: web.Request) -> web.Response:
        """`{code, number, name?}`: the text of a code; or `{picture, …}`: a picture of it, PNG or JPEG in base64."""
        fields = await body(request)
        seen = fields.optional_text("picture")
        text = fields.text("code") if seen is None else await asyncio.to_thread(_read, seen)
        code = LinkingCode.parse(text)
        number = phone_number(fields.text("number"))
        name = fields.optional_text("name")
        wrong_hmac = fields.optional_text("hmac") == "wrong"
        account, device = await scanning.scan(self._network, code, number, name=name, wrong_hmac=wrong_hmac)
        return _linked(account, device)

    async def type_code(self, request: web.Request) -> web.Response:
        """`{code, number, name?}`: type a pairing code on the phone."""
        fields = await body(request)
        number, name = phone_number(fields.text("number")), fields.optional_text("name")
        account, device = await typed_codes.type_code(self._network, fields.text("code"), number, name=name)
        return _linked(account, device)

    async def unlink(self, request: web.Request) -> web.Response:
        account = self._account(request)
        fields = await body(request)
        gone = unlink(self._network, account, fields.optional_integer("device"))
        return web.json_response({"number": account.number, "unlinked": gone})

    async def drop(self, request: web.Request) -> web.Response:
        account = self._account(request)
        return web.json_response({"number": account.number, "dropped": drop(self._network, account)})

    async def hosts(self, _request: web.Request) -> web.Response:
        return web.json_response({"asked": dict(self._proxy.asked), "refused": dict(self._proxy.refused)})

    async def environment(self, _request: web.Request) -> web.Response:
        """What a client library's process needs in its environment, from its start, to find this WhatsApp alone."""
        return web.json_response(self._environment())

    def _account(self, request: web.Request) -> Account:
        return self._network.account(phone_number(request.match_info["number"]))

    def _shown(self, account: Account) -> dict[str, Any]:
        devices = [
            {
                "device": device.number,
                "jid": str(account.jid.on(device.number)),
                "online": self._network.online(account, device.number) is not None,
                "platform": device.platform,
                "linked_at": device.linked_at,
            }
            for device in account.devices.values()
        ]
        return {"number": account.number, "lid": str(account.lid_jid), "name": account.name, "devices": devices}
