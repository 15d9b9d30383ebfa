"""The keys a device leaves with the server, so that others can write to it while it is away."""

from infra.local.whatsapp import bundles
from infra.local.whatsapp.accounts import PreKey
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.jid import Jid
from infra.local.whatsapp.network import Network
from infra.local.whatsapp.node import Node
from infra.local.whatsapp.phones.keyring import registration_of
from infra.local.whatsapp.post import PHONE


async def count(client: Client, query: Node) -> None:
    """How many one-time keys of the device are left."""
    left = len(client.device.prekeys)
    await client.connection.reply(query, Node("count", {"value": str(left)}))


async def upload(client: Client, query: Node) -> None:
    """Take new one-time keys; they come with the device's registration and signed key."""
    device = client.device
    fresh = [_read(key) for key in query.get("list").named("key")]
    device.registration = query.get("registration").data
    device.signed_prekey = _read(query.get("skey"))
    device.prekeys.extend(fresh)
    client.network.store.changed()
    await client.connection.reply(query)


async def fetch(client: Client, query: Node) -> None:
    """Give out a bundle for each device asked for; a one-time key is given once."""
    users = [user.jid("jid") for user in query.get("key").named("user")]
    await client.connection.reply(query, Node("list", {}, tuple(_bundle(client.network, jid) for jid in users)))
    client.network.store.changed()


def _bundle(network: Network, jid: Jid) -> Node:
    account = network.accounts.of(jid)
    device = account.devices.get(jid.device) if account else None
    if account and jid.device == PHONE:
        return bundles.written(jid, registration_of(account), network.phones.bundle(account))
    if device is None:
        return Node("user", {"jid": jid}, (Node("error", {"code": "404", "text": "item-not-found"}),))
    return bundles.written(jid, device.registration, bundles.take(device))


def _read(node: Node) -> PreKey:
    signature = node.find("signature")
    return PreKey(node.get("id").data, node.get("value").data, signature.data if signature else b"")
