"""The client's question which groups its account is in."""

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.groups import Group
from infra.local.whatsapp.network import Network
from infra.local.whatsapp.node import Attribute, Node


async def groups(client: Client, query: Node) -> None:
    """Answer with each group: its members and its topic only where they were asked for."""
    wanted = {child.tag for child in query.get("participating").children}
    found = tuple(_group(client.network, group, wanted) for group in client.network.groups.of(client.account))
    await client.connection.reply(query, Node("groups", {}, found))


def _group(network: Network, group: Group, wanted: set[str]) -> Node:
    """Groups name people by LID, and their numbers beside it, as WhatsApp has done since 2025."""
    maker = network.account(group.maker)
    made_at = str(group.made_at // 1000)
    attributes: dict[str, Attribute] = {
        "id": group.id,
        "subject": group.name,
        "s_t": made_at,
        "s_o": maker.lid_jid,
        "s_o_pn": maker.jid,
        "creation": made_at,
        "creator": maker.lid_jid,
        "creator_pn": maker.jid,
        "addressing_mode": "lid",
        "size": str(len(group.members)),
    }
    parts: list[Node] = []
    if "description" in wanted and group.topic:
        body = Node("body", {}, group.topic.encode())
        told: dict[str, Attribute] = {"id": group.id, "t": made_at, "participant": maker.lid_jid}
        parts.append(Node("description", told, (body,)))
    if "participants" in wanted:
        parts += [_participant(network.account(number), maker) for number in group.members]
    return Node("group", attributes, tuple(parts))


def _participant(account: Account, maker: Account) -> Node:
    attributes: dict[str, Attribute] = {"jid": account.lid_jid, "phone_number": account.jid}
    return Node("participant", attributes | ({"type": "superadmin"} if account is maker else {}))
