"""HTTP routes of fault injection: make happen what WhatsApp does in its own time."""

import re
from collections import deque

from aiohttp import web

from chalicelib.wire.node import SERVER, Attribute, Jid, MalformedJid, Node
from infra.whatsapp_server import scanning, typed_codes
from infra.whatsapp_server.codes import FULL_LIST
from infra.whatsapp_server.connection import ConnectionEnded
from infra.whatsapp_server.control.request import Fields, body, phone_number
from infra.whatsapp_server.errors import BadRequest, NothingWaits
from infra.whatsapp_server.faults import BAN_S, USUAL_BAN, PlannedFailure, PlannedPasskey
from infra.whatsapp_server.network import Network, Waiting

_MOST = 100
_LONGEST_HOLD_MS = 600_000
_LONGEST_BAN_S = 10**9
_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,10}")
_REFRESHES = ("companion_reg_refresh", "pair-device-rotate-qr")


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    routes = _FaultRoutes(network)
    app.router.add_post("/faults/refs", routes.references)
    app.router.add_post("/faults/push-refs", routes.push_references)
    app.router.add_post("/faults/refresh", routes.refresh)
    app.router.add_post("/faults/version", routes.version)
    app.router.add_post("/faults/close-unpaired", routes.close_unpaired)
    app.router.add_post("/faults/failure", routes.failure)
    app.router.add_post("/faults/passkey", routes.passkey)
    app.router.add_post("/faults/hold-acks", routes.hold_acks)
    app.router.add_post("/faults/refresh-code", routes.refresh_code)
    app.router.add_post("/faults/downgrade", routes.downgrade)
    app.router.add_post("/faults/refuse-code", routes.refuse_code)
    app.router.add_post("/faults/refuse-message", routes.refuse_message)
    app.router.add_post("/faults/spoil-message", routes.spoil_message)
    app.router.add_post("/faults/stanza", routes.stanza)


class _FaultRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def references(self, request: web.Request) -> web.Response:
        """`{count}`: how many codes each further list has."""
        fields = await body(request)
        self._network.faults.references = fields.integer("count", default=FULL_LIST, lowest=1, highest=_MOST)
        return web.json_response({"count": self._network.faults.references})

    async def push_references(self, _request: web.Request) -> web.Response:
        """Give each waiting client a new list at once."""
        pushed = 0
        for waiting in self._waiting():
            try:
                await scanning.offer_codes(self._network, waiting)
            except ConnectionEnded:
                continue
            pushed += 1
        return web.json_response({"pushed": pushed})

    async def close_unpaired(self, _request: web.Request) -> web.Response:
        """Cut each waiting client's connection."""
        found = self._waiting()
        for waiting in found:
            waiting.connection.abort()
        return web.json_response({"closed": len(found)})

    async def failure(self, request: web.Request) -> web.Response:
        """`{reason, number?, times?, ban?, expire_s?, registering?}`: refuse the next logins, or registrations.

        A ban (402) has the code `ban` and lasts for `expire_s`.
        """
        fields = await body(request)
        faults = self._network.faults
        planned = faults.registration_failures if fields.flag("registering") else faults.failures
        planned.extend(_planned(fields, "reason", default=503))
        return web.json_response({"planned": len(planned)})

    async def version(self, request: web.Request) -> web.Response:
        """`{least}`: refuse older clients, new devices and linked ones, with 405; `0.0.0` lets in all."""
        least = (await body(request)).text("least")
        if not _VERSION.fullmatch(least):
            raise BadRequest("least must be a version such as 2.3000.1047769893.")
        first, second, third = map(int, least.split("."))
        self._network.faults.least_version = (first, second, third)
        return web.json_response({"least": least})

    async def refresh(self, request: web.Request) -> web.Response:
        """`{child?, scans?}`: have each waiting client show a new code, or ask for it only when codes are scanned.

        `child` is what the notification holds; `scans` is how many of the next scans lead to it.
        """
        fields = await body(request)
        scans = fields.optional_integer("scans")
        if scans is not None:
            self._network.faults.refreshes = fields.integer("scans", default=0, lowest=0, highest=_MOST)
            return web.json_response({"scans": scans})
        child = fields.optional_text("child") or _REFRESHES[0]
        if child not in _REFRESHES:
            raise BadRequest(f"child must be one of {', '.join(_REFRESHES)}.")
        asked = 0
        for waiting in self._waiting():
            try:
                await scanning.ask_for_refresh(waiting, child)
            except ConnectionEnded:
                continue
            asked += 1
        return web.json_response({"asked": asked})

    async def passkey(self, request: web.Request) -> web.Response:
        """`{times?, number?, options?, proof?}`: demand a passkey at the next linkings, that many in all.

        `options` false: the device must ask for the request options. `proof` false: the phone doesn't know the code
        that it scanned, so it can't check the device's proof, and shows a code to be compared.
        """
        fields = await body(request)
        times = fields.integer("times", default=1, lowest=0, highest=_MOST)
        number = fields.optional_text("number")
        plan = PlannedPasskey(
            phone_number(number) if number else None,
            options=fields.flag("options", default=True),
            proof=fields.flag("proof", default=True),
        )
        self._network.faults.passkeys = deque([plan] * times)
        return web.json_response({"times": times})

    async def hold_acks(self, request: web.Request) -> web.Response:
        """`{ms}`: acknowledge clients' messages so much later; 0 is WhatsApp's own way. They are delivered at once."""
        held = (await body(request)).integer("ms", default=0, lowest=0, highest=_LONGEST_HOLD_MS)
        self._network.faults.held_acks_s = held / 1000
        return web.json_response({"ms": held})

    async def refresh_code(self, request: web.Request) -> web.Response:
        """`{force?}`: withdraw the pairing codes on show; with `force` a person must ask for the next."""
        force = (await body(request)).flag("force")
        asked = 0
        for waiting in self._waiting():
            try:
                asked += await typed_codes.ask_for_new_code(waiting, force=force)
            except ConnectionEnded:
                continue
        return web.json_response({"asked": asked})

    async def downgrade(self, _request: web.Request) -> web.Response:
        """Tell each waiting client that the phone which scanned links no devices but browsers of old."""
        told = 0
        for waiting in self._waiting():
            try:
                await waiting.connection.send(Node("ib", {"from": SERVER}, (Node("downgrade_webclient"),)))
            except ConnectionEnded:
                continue
            told += 1
        return web.json_response({"told": told})

    async def refuse_code(self, request: web.Request) -> web.Response:
        """`{code, number?, times?}`: refuse the next pairing codes that clients ask for."""
        fields = await body(request)
        self._network.faults.code_refusals.extend(_planned(fields, "code", default=429))
        return web.json_response({"planned": len(self._network.faults.code_refusals)})

    async def refuse_message(self, request: web.Request) -> web.Response:
        """`{code, number?, times?}`: refuse the next messages of clients; they are delivered to nobody."""
        fields = await body(request)
        self._network.faults.refusals.extend(_planned(fields, "code", default=463))
        return web.json_response({"planned": len(self._network.faults.refusals)})

    async def spoil_message(self, request: web.Request) -> web.Response:
        """`{times?}`: change the next messages to linked devices on their way, so that they can't be opened."""
        self._network.faults.spoilt = (await body(request)).integer("times", default=1, lowest=0, highest=_MOST)
        return web.json_response({"times": self._network.faults.spoilt})

    async def stanza(self, request: web.Request) -> web.Response:
        """`{number, tag, attributes?, child?}`: send a stanza to the account's connected devices; WhatsApp might.

        An attribute with an @ is an address; `child` is the tag of the one element inside.
        """
        fields = await body(request)
        account = self._network.account(phone_number(fields.text("number")))
        child = fields.optional_text("child")
        stanza = Node(fields.text("tag"), _attributes(fields), (Node(child),) if child else None)
        found = [one for device in account.devices if (one := self._network.online(account, device))]
        for connection in found:
            await connection.send(stanza)
        return web.json_response({"sent": len(found)})

    def _waiting(self) -> list[Waiting]:
        if not self._network.waiting:
            raise NothingWaits("No client is waiting for a phone.")
        return list(self._network.waiting)


def _attributes(fields: Fields) -> dict[str, Attribute]:
    given = fields.mapping("attributes")
    try:
        return {name: Jid.parse(value) if "@" in value else value for name, value in given.items()}
    except MalformedJid as error:
        raise BadRequest(str(error)) from error


def _planned(fields: Fields, name: str, *, default: int) -> list[PlannedFailure]:
    reason = fields.integer(name, default=default, lowest=400, highest=599)
    number = fields.optional_text("number")
    times = fields.integer("times", default=1, lowest=1, highest=_MOST)
    ban = fields.integer("ban", default=USUAL_BAN, lowest=100, highest=999)
    expire_s = fields.integer("expire_s", default=BAN_S, lowest=0, highest=_LONGEST_BAN_S)
    return [PlannedFailure(reason, phone_number(number) if number else None, ban, expire_s)] * times
