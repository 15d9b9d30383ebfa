"""A client's word on what it got: receipts of messages, acknowledgements of all else."""

from infra.local.whatsapp.addressing import spread_receipt
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.jid import BROADCASTS
from infra.local.whatsapp.node import Attribute, Node

_ECHOED = ("type", "participant")


async def accept(client: Client, stanza: Node) -> None:
    """Forget the message that a receipt is for, tell its sender, and acknowledge the receipt.

    A receipt of any kind says that the device has the message, even the plea to send again: what it can't open it
    needn't get once more.
    """
    network, place = client.network, (client.account.number, client.device.number)
    to = stanza.jid("to")
    # What came from a broadcast list is its owner's.
    wrote = stanza.jid("participant") if to.server == BROADCASTS else to
    sender = network.accounts.of(wrote)
    with network.database.transaction():
        for name in _names(stanza):
            network.post.mail.settle_message(place, name)
        if sender:
            spread_receipt(network.post, client.account, place[1], stanza, to=sender, to_device=wrote.device)
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
