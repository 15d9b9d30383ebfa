"""A client's messages in groups, to every device of every member.

A sender encrypts the text once with a key of its own (`skmsg`), and that key for each device that doesn't have it yet.
The server knows who is in the group: a member's device for which the sender had no key gets the text all the same, and
asks for it again; who isn't in the group gets nothing, whatever was encrypted for them.
"""

from chalicelib.wire.node import Node
from infra.whatsapp_server.addressing import every_place
from infra.whatsapp_server.groups import stanzas
from infra.whatsapp_server.groups.state import Addressing, Group, devices_hash
from infra.whatsapp_server.network import Accepted, Client
from infra.whatsapp_server.post import Place

NOT_FOUND, FORBIDDEN, STALE_ADDRESSING = 404, 403, 421
_CARRIED = ("id", "type", "edit")


def route(client: Client, stanza: Node) -> dict[str, str]:
    """Keep a message for its readers; what the acknowledgement says besides: an `error`, or another `phash`."""
    network, group = client.network, client.network.groups.find(stanza.jid("to").user)
    if group is None:
        return {"error": str(NOT_FOUND)}
    member = group.member(client.account)
    if member is None or (group.announcement and not member.is_admin):
        return {"error": str(FORBIDDEN)}
    participants = stanza.find("participants")
    if participants and (stanza.text("addressing_mode") or Addressing.PN) != group.addressing:
        return {"error": str(STALE_ADDRESSING)}
    tags = tuple(child.tag for child in stanza.children)
    network.accepted.append(Accepted(client.account.number, str(group.jid), stanza.text("id"), tags))
    with network.database.transaction():
        if participants is None:
            _send_to_one(client, group, stanza)
        elif network.post.mail.first_time((client.account.number, client.device.number), stanza.text("id")):
            _spread(client, group, stanza, participants)
    return _compared(client, group, stanza.text("phash"))


def _compared(client: Client, group: Group, given: str) -> dict[str, str]:
    """The hash of the members' devices, if the sender, who told one, knows others."""
    if not given:
        return {}
    expected = devices_hash(
        group.address(account).on(device)
        for account in client.network.groups.people(group)
        for _, device in every_place(account)
    )
    return {} if given == expected else {"phash": expected}


def _spread(client: Client, group: Group, stanza: Node, participants: Node) -> None:
    """To each device: what was encrypted for it alone, then what was encrypted for all."""
    alone: dict[Place, tuple[Node, ...]] = {}
    for reader in participants.named("to"):
        account = client.network.accounts.of(reader.jid("jid"))
        if account:
            alone[account.number, reader.jid("jid").device] = tuple(reader.named("enc"))
    for account in client.network.groups.people(group):
        for place in every_place(account):
            if place != (client.account.number, client.device.number):
                _deliver(client, group, stanza, place, (*alone.get(place, ()), *stanza.named("enc")))


def _send_to_one(client: Client, group: Group, stanza: Node) -> None:
    """To the one device that asked for a message again."""
    reader = stanza.jid("participant")
    account = client.network.accounts.of(reader)
    if account and group.member(account) and (account.number, reader.device) in every_place(account):
        _deliver(client, group, stanza, (account.number, reader.device), tuple(stanza.named("enc")))


def _deliver(client: Client, group: Group, stanza: Node, place: Place, encrypted: tuple[Node, ...]) -> None:
    carried = {name: stanza.attributes[name] for name in _CARRIED if name in stanza.attributes}
    # Who begins a session proves with it that the account's phone has vouched for the device.
    proof = tuple(stanza.named("device-identity")) if any(one.text("type") == "pkmsg" for one in encrypted) else ()
    message = stanzas.message(group, client.account, client.device.number, carried, (*encrypted, *proof))
    client.network.post.deliver(place, message)
