"""A client's messages, to each device that they were encrypted for, and its receipts."""

import asyncio
import logging
from collections.abc import Iterator

from chalicelib.wire.node import BROADCASTS, STATUS, Attribute, Jid, Node
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.addressing import sent_by, spread_receipt
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.connection import Connection, ConnectionEnded
from infra.whatsapp_server.groups import messages as group_messages
from infra.whatsapp_server.groups.state import GROUPS
from infra.whatsapp_server.network import Accepted, Client, Stray
from infra.whatsapp_server.post import PHONE

_log = logging.getLogger(__name__)
_NOT_FOUND = 404
_CARRIED = ("id", "type", "category", "edit")


async def accept(client: Client, stanza: Node) -> None:
    """Keep a message for its readers, then acknowledge it, or refuse it with a code."""
    faults = client.network.faults
    refusal = faults.take_refusal(client.account.number)
    said = {"error": str(refusal)} if refusal else _route(client, stanza)
    answer = _acknowledgement(stanza, said)
    if faults.held_acks_s:
        client.network.spawn(_later(client.connection, answer, faults.held_acks_s))
    else:
        await client.connection.send(answer)


def _acknowledgement(stanza: Node, said: dict[str, str]) -> Node:
    attributes: dict[str, Attribute] = {"class": "message", "id": stanza.text("id"), "t": now_s()}
    if "to" in stanza.attributes:
        attributes["from"] = stanza.attributes["to"]
    return Node("ack", {**attributes, **said})


async def _later(connection: Connection, answer: Node, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    try:
        await connection.send(answer)
    except ConnectionEnded:
        return


def _route(client: Client, stanza: Node) -> dict[str, str]:
    """Keep the message for each of its readers; what the acknowledgement says besides: an `error` if there are none."""
    if stanza.jid("to").server == GROUPS:
        return group_messages.route(client, stanza)
    if stanza.jid("to") == STATUS:
        return _publish(client, stanza)
    network, place = client.network, (client.account.number, client.device.number)
    recipient = network.accounts.of(stanza.jid("to"))
    if recipient is None:
        return {"error": str(_NOT_FOUND)}
    tags = tuple(child.tag for child in stanza.children)
    network.accepted.append(Accepted(client.account.number, recipient.number, stanza.text("id"), tags))
    with network.database.transaction():
        # One that resends to a device, because that device asked, uses the id again, and has no participants then.
        if stanza.find("participants") and not network.post.mail.first_time(place, stanza.text("id")):
            return {}
        reached = 0
        for jid, secrets in _envelopes(stanza):
            reached += _deliver(client, stanza, jid, secrets, recipient)
    if not reached:
        network.strays.append(Stray(client.account.number, recipient.number, stanza.text("id"), now_ms()))
        _log.warning("message %s of %s was encrypted for nobody", stanza.text("id"), client.account.number)
    return {}


def _publish(client: Client, stanza: Node) -> dict[str, str]:
    """Bring a status update to each device that got its key along, which is each that is to have it."""
    network = client.network
    tags = tuple(child.tag for child in stanza.children)
    network.accepted.append(Accepted(client.account.number, str(STATUS), stanza.text("id"), tags))
    with network.database.transaction():
        if network.post.mail.first_time((client.account.number, client.device.number), stanza.text("id")):
            for jid, alone in _envelopes(stanza):
                reader = network.accounts.of(jid)
                if reader:
                    secrets = (*alone, *stanza.named("enc"))
                    _deliver(client, stanza, jid, secrets, reader, broadcast=STATUS)
    return {}


def _envelopes(stanza: Node) -> Iterator[tuple[Jid, tuple[Node, ...]]]:
    """Each device the message is for, and what was encrypted for it."""
    participants = stanza.find("participants")
    if participants is None:
        yield stanza.jid("to"), tuple(stanza.named("enc"))
        return
    for reader in participants.named("to"):
        yield reader.jid("jid"), tuple(reader.named("enc"))


def _deliver(
    client: Client,
    stanza: Node,
    jid: Jid,
    secrets: tuple[Node, ...],
    recipient: Account,
    *,
    broadcast: Jid | None = None,
) -> bool:
    reader = client.network.accounts.of(jid)
    if reader not in (recipient, client.account) or not (jid.device == PHONE or jid.device in reader.devices):
        return False
    carried = {name: stanza.attributes[name] for name in _CARRIED if name in stanza.attributes}
    sender = sent_by(client.account, client.device.number, recipient=recipient, reader=reader, broadcast=broadcast)
    # Who begins a session proves with it that the account's phone has vouched for his device.
    identity = stanza.find("device-identity")
    proven = identity is not None and any(secret.text("type") == "pkmsg" for secret in secrets)
    children = (*secrets, identity) if identity and proven else secrets
    client.network.post.deliver((reader.number, jid.device), Node("message", {**carried, **sender}, children))
    return True


_ECHOED = ("type", "participant")


async def accept_receipt(client: Client, stanza: Node) -> None:
    """Forget the message that a receipt is for, tell its sender, and acknowledge the receipt.

    A receipt of any kind says that the device has the message, even the plea to send again: what it can't open it
    needn't get once more.
    """
    network, place = client.network, (client.account.number, client.device.number)
    to = stanza.jid("to")
    # What came from a broadcast list is its owner's, and from a group one of its members'.
    wrote = stanza.jid("participant") if to.server in (BROADCASTS, GROUPS) else to
    group = network.groups.find(to.user) if to.server == GROUPS else None
    sender = network.accounts.of(wrote) if group or to.server != GROUPS else None
    with network.database.transaction():
        for name in _names(stanza):
            network.post.mail.settle_message(place, name)
        if sender:
            spread_receipt(
                network.post, client.account, place[1], stanza, to=sender, to_device=wrote.device, group=group
            )
    attributes: dict[str, Attribute] = {"class": "receipt", "id": stanza.text("id"), "from": to}
    echoed = {name: stanza.attributes[name] for name in _ECHOED if name in stanza.attributes}
    await client.connection.send(Node("ack", {**attributes, **echoed}))


async def settle(client: Client, stanza: Node) -> None:
    """Forget what a client has acknowledged."""
    place = (client.account.number, client.device.number)
    if stanza.text("class") == "message":
        client.network.post.mail.settle_message(place, stanza.text("id"))
    else:
        client.network.post.mail.settle(place, stanza)


def _names(receipt: Node) -> list[str]:
    """The ids it is for: a receipt may name further ones in a list."""
    more = receipt.find("list")
    return [receipt.text("id"), *(item.text("id") for item in (more.children if more else ()))]
