"""HTTP routes of the virtual phones' passkeys, and of the linkings that need one."""

from base64 import b64encode
from typing import Any

from aiohttp import web

from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.control.request import body, phone_number
from infra.whatsapp_server.errors import BadRequest, NoCeremony, NoPasskey
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.passkeys import ORIGIN, RP_ID, Ceremony, Passkey, base64url


def add(app: web.Application, network: Network) -> None:
    """Add the routes to an application."""
    routes = _PasskeyRoutes(network)
    app.router.add_post("/phones/{number}/passkey", routes.make)
    app.router.add_post("/phones/{number}/passkey/sign", routes.sign)
    app.router.add_get("/phones/{number}/linking", routes.linking)


class _PasskeyRoutes:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def make(self, request: web.Request) -> web.Response:
        """The phone's passkey, made if it has none, in the form that Chromium's virtual authenticators take it."""
        account = await self._network.registered(phone_number(request.match_info["number"]))
        if account.passkey is None:
            account.passkey = Passkey.generate()
            self._network.store.changed()
            await self._network.store.flush()
        return web.json_response(
            {
                "number": account.number,
                "credentialId": b64encode(account.passkey.id).decode(),
                "privateKey": b64encode(account.passkey.private).decode(),
                "rpId": RP_ID,
                "isResidentCredential": True,
                "userHandle": b64encode(account.number.encode()).decode(),
                "signCount": 0,
            }
        )

    async def sign(self, request: web.Request) -> web.Response:
        """`{options?, origin?, verified?}`: the assertion for request options, or for those of the phone's linking."""
        fields = await body(request)
        account = self._account(request)
        options = fields.values.get("options") or self._ceremony(account).options
        if isinstance(options, dict):
            options = options.get("publicKey", options)
        if not isinstance(options, dict) or not isinstance(options.get("challenge"), str):
            raise BadRequest("options must be WebAuthn's request options, with a challenge.")
        if account.passkey is None:
            raise NoPasskey(f"{account.number} has no passkey.")
        origin = fields.optional_text("origin") or ORIGIN
        verified = fields.flag("verified", default=True)
        return web.json_response({"assertion": account.passkey.sign(options, origin=origin, verified=verified)})

    async def linking(self, request: web.Request) -> web.Response:
        """How far the phone's latest linking with a passkey has come; `code` is what the phone shows, or null."""
        account = self._account(request)
        return web.json_response({"number": account.number, **_shown(self._ceremony(account))})

    def _account(self, request: web.Request) -> Account:
        return self._network.account(phone_number(request.match_info["number"]))

    def _ceremony(self, account: Account) -> Ceremony:
        ceremony = self._network.ceremonies.get(account.number)
        if ceremony is None:
            raise NoCeremony(f"{account.number} links no device with a passkey.")
        return ceremony


def _shown(ceremony: Ceremony) -> dict[str, Any]:
    return {
        "step": ceremony.step,
        "code": ceremony.code,
        "why": ceremony.why,
        "options": ceremony.options,
        "credential": base64url(ceremony.passkey.id),
    }
