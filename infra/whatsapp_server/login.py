"""A linked device's login: the right key for its place, or a refusal with a reason."""

import hmac

from chalicelib.wire.node import Node
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.connection import Connection, ConnectionEnded
from infra.whatsapp_server.faults import PlannedFailure
from infra.whatsapp_server.network import Client, Network
from infra.whatsapp_server.payload import Login

UNLINKED = 401
BANNED = 402


class LoginRefused(Exception):
    """The device may not come in; `why` is what it is told."""

    def __init__(self, why: PlannedFailure) -> None:
        super().__init__(f"login refused with {why.reason}")
        self.why = why


def admitted(network: Network, login: Login, connection: Connection, noise_key: bytes) -> Client:
    """The device that logs in; LoginRefused if it isn't linked, has another's key, or a test planned a refusal."""
    planned = network.faults.outdated(login.version) or network.faults.take_failure(login.number)
    if planned is not None:
        raise LoginRefused(planned)
    account = network.accounts.numbered(login.number)
    device = account.devices.get(login.device) if account else None
    if account is None or device is None or not hmac.compare_digest(device.noise_key, noise_key):
        raise LoginRefused(PlannedFailure(UNLINKED))
    return Client(network, connection, account, device)


async def refuse(connection: Connection, why: PlannedFailure) -> None:
    """Tell a client that it may not come in."""
    ban = {"code": str(why.ban), "expire": str(why.expire_s)} if why.reason == BANNED else {}
    await connection.send(Node("failure", {"reason": str(why.reason), "t": now_s(), "location": "loopback", **ban}))


async def welcome(client: Client) -> None:
    """Let a device in; another connection of the same device must go."""
    former = client.network.arrive((client.account.number, client.device.number), client.connection)
    if former:
        client.network.spawn(_replace(former))
    lid = client.account.lid_jid.on(client.device.number)
    await client.connection.send(Node("success", {"t": now_s(), "lid": lid, "location": "loopback"}))


async def activate(client: Client, query: Node) -> None:
    """The client is ready: answer, then bring what waits for it; a new device is greeted by its phone."""
    await client.connection.reply(query)
    client.network.phones.welcome(client.account, client.device)
    client.network.post.serve((client.account.number, client.device.number), client.connection)


async def _replace(former: Connection) -> None:
    try:
        await former.send(Node("stream:error", {}, (Node("conflict", {"type": "replaced"}),)))
    except ConnectionEnded:
        return
    await former.close_later()
