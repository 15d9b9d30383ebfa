"""Queries of clients and their answers. One that isn't listed gets an empty result, which suffices for all else."""

import json
from collections.abc import Awaitable, Callable

from chalicelib.wire.node import PHONES, Attribute, Jid, Node
from chalicelib.wire.proto.sync_pb2 import PushNameSetting, SyncActionValue
from infra.whatsapp_server import bundles, login
from infra.whatsapp_server.accounts import Account, PreKey
from infra.whatsapp_server.app_state import FIRST, Setting, SettingsKey, first_patch
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.errors import GroupRefused
from infra.whatsapp_server.groups import queries as groups
from infra.whatsapp_server.linking import log_out
from infra.whatsapp_server.network import Client, Network
from infra.whatsapp_server.phones.encryption import registration_of
from infra.whatsapp_server.post import PHONE

_CATEGORIES = ("readreceipts", "profile", "status", "online", "last", "groupadd", "calladd", "messages")


async def settings(client: Client, query: Node) -> None:
    """Answer with all categories."""
    categories = tuple(Node("category", {"name": name, "value": "all"}) for name in _CATEGORIES)
    await client.connection.reply(query, Node("privacy", {}, categories))


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


_ECHOED = ("sid", "mode", "last", "index", "context")


async def look_up(client: Client, query: Node) -> None:
    """Answer for each user in the order asked, what was asked."""
    asked = query.get("usync")
    protocols = asked.find("query")
    wanted = {child.tag for child in protocols.children} if protocols else set()
    users = asked.find("list")
    found = tuple(_user(client.network, user, wanted) for user in users.children) if users else ()
    echoed: dict[str, Attribute] = {name: asked.attributes[name] for name in _ECHOED if name in asked.attributes}
    await client.connection.reply(query, Node("usync", echoed, (Node("result"), Node("list", {}, found))))


def _user(network: Network, user: Node, wanted: set[str]) -> Node:
    jid = _asked_about(user)
    account = network.accounts.of(jid)
    answers = []
    if "contact" in wanted:
        answers.append(Node("contact", {"type": "in" if account else "out"}, _as_asked(user)))
    if account and "lid" in wanted:
        answers.append(Node("lid", {"val": account.lid_jid}))
    if "devices" in wanted:
        answers.append(Node("devices", {}, (Node("device-list", {}, _devices(account)),)))
    return Node("user", {"jid": jid}, tuple(answers))


def _asked_about(user: Node) -> Jid:
    """Who it is: an address, or a number as people write it, behind which the client leaves an address's old ending."""
    if isinstance(user.attributes.get("jid"), Jid):
        return user.jid("jid")
    return Jid(user.get("contact").data.decode().removesuffix("@c.us").lstrip("+"), PHONES)


def _as_asked(user: Node) -> bytes | None:
    """The number as the client wrote it: by it the client tells which of its questions this answers."""
    contact = user.find("contact")
    return contact.data if contact and contact.content else None


def _devices(account: Account | None) -> tuple[Node, ...]:
    """The phone itself, then what is linked to it."""
    if account is None:
        return ()
    numbers = [str(number) for number in account.devices]
    linked = (Node("device", {"id": number, "key-index": number}) for number in numbers)
    return (Node("device", {"id": str(PHONE)}), *linked)


_WITH_NAME = "critical_block"
_NAME_VERSION = 1


async def app_state(client: Client, query: Node) -> None:
    """Each collection that was asked for; what a device writes itself is taken and forgotten."""
    asked = query.get("sync").named("collection")
    collections = tuple(_collection(client.account, one) for one in asked)
    await client.connection.reply(query, Node("sync", {}, collections))


def _collection(account: Account, asked: Node) -> Node:
    name, version = asked.text("name"), int(asked.text("version") or 0)
    if name != _WITH_NAME or version >= FIRST:
        return Node("collection", {"name": name, "version": str(version)})
    patch = first_patch(name, _push_name(account), SettingsKey.of(account))
    patches = Node("patches", {}, (Node("patch", {}, patch),))
    return Node("collection", {"name": name, "version": str(FIRST)}, (patches,))


def _push_name(account: Account) -> Setting:
    value = SyncActionValue(timestamp=now_ms(), pushNameSetting=PushNameSetting(name=account.name))
    return Setting(json.dumps(["setting_pushName"]).encode(), value, _NAME_VERSION)


Answer = Callable[[Client, Node], Awaitable[None]]


async def media_hosts(client: Client, query: Node) -> None:
    """Answer with the hosts of media, and a token for uploads."""
    await client.connection.reply(query, client.network.media.connection())


ANSWERS: dict[tuple[str, str, str], Answer] = {
    ("encrypt", "get", "count"): count,
    ("encrypt", "set", "registration"): upload,
    ("encrypt", "get", "key"): fetch,
    ("passive", "set", "active"): login.activate,
    ("privacy", "get", "privacy"): settings,
    ("usync", "get", "usync"): look_up,
    ("w:m", "set", "media_conn"): media_hosts,
    ("w:sync:app:state", "set", "sync"): app_state,
    ("md", "set", "remove-companion-device"): log_out,
    **{("w:g2", kind, tag): handler for (kind, tag), handler in groups.ANSWERS.items()},
}
"""By namespace, type and the first child's tag."""


async def answer(client: Client, query: Node) -> None:
    """Answer a query. Results that come without our asking are dropped; a query we can't read is refused."""
    kind = query.text("type")
    if kind not in ("get", "set"):
        return
    child = query.children[0].tag if query.children else ""
    handler = ANSWERS.get((query.text("xmlns"), kind, child), _nothing)
    try:
        await handler(client, query)
    except GroupRefused as refused:
        await client.connection.refuse(query, refused.status, refused.text)
    except ValueError:
        await client.connection.refuse(query, 400, "bad-request")


async def _nothing(client: Client, query: Node) -> None:
    await client.connection.reply(query)
