"""The end of a link: from the phone, or by the device's own logout."""

from collections.abc import Iterable

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.connection import Connection, ConnectionEnded
from infra.local.whatsapp.errors import NotOnline, UnknownPhone
from infra.local.whatsapp.network import Network
from infra.local.whatsapp.node import Node


def unlink(network: Network, account: Account, device: int | None) -> list[int]:
    """A phone removes a device, or all of them; their numbers. One that is offline learns of it at its next login."""
    gone = [number for number in account.devices if device in (None, number)]
    if not gone:
        which = "linked device" if device is None else f"linked device {device}"
        raise UnknownPhone(f"{account.number} has no {which}.")
    _end(network, account, gone)
    return gone


def drop(network: Network, account: Account) -> int:
    """Cut the TCP connections of an account's devices; how many there were."""
    found = [one for number in account.devices if (one := network.online(account, number))]
    if not found:
        raise NotOnline(f"No device of {account.number} is connected.")
    for connection in found:
        connection.abort()
    return len(found)


async def log_out(client: Client, query: Node) -> None:
    """A device removes itself; none may remove another."""
    jid = query.get("remove-companion-device").jid("jid")
    if client.network.accounts.of(jid) is not client.account or jid.device != client.device.number:
        await client.connection.refuse(query, 403, "forbidden")
        return
    client.network.remove(client.account, [jid.device])
    await client.connection.reply(query)


def _end(network: Network, account: Account, devices: Iterable[int]) -> None:
    connections = [one for number in devices if (one := network.online(account, number))]
    network.remove(account, devices)
    for connection in connections:
        network.spawn(_removed(connection))


async def _removed(connection: Connection) -> None:
    try:
        conflict = Node("conflict", {"type": "device_removed"})
        await connection.send(Node("stream:error", {"code": "401"}, (conflict,)))
    except ConnectionEnded:
        return
    await connection.close_later()
