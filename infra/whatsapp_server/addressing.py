"""How stanzas between accounts name their sender, whom receipts go to, and who hears of new devices."""

import secrets

from chalicelib.wire.node import Attribute, Jid, Node
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.groups import stanzas
from infra.whatsapp_server.groups.state import Group
from infra.whatsapp_server.post import PHONE, Place, Post

_NOT_FORWARDED = {"sender", "peer_msg", "hist_sync", "read-self", "played-self", "server-error"}
_RETRY = "retry"
_READ = {"read", "played"}


def every_place(account: Account) -> list[Place]:
    """The phone and all linked devices of an account."""
    return [(account.number, device) for device in (PHONE, *account.devices)]


def sent_by(
    sender: Account, device: int, *, recipient: Account, reader: Account, broadcast: Jid | None = None
) -> dict[str, Attribute]:
    """A message's attributes as `reader` gets them: the recipient, or the sender himself on another device of his.

    One to a broadcast list comes from the list, and names its owner as a group's message names a member.
    """
    attributes: dict[str, Attribute] = {"from": sender.lid_jid.on(device), "notify": sender.name, "t": now_s()}
    if broadcast:
        owner: dict[str, Attribute] = {"participant": attributes["from"], "participant_pn": sender.jid}
        return {**attributes, **owner, "from": broadcast, "addressing_mode": "lid"}
    if reader is sender:
        return {**attributes, "recipient": recipient.lid_jid, "peer_recipient_pn": recipient.jid}
    return {**attributes, "sender_pn": sender.jid}


def spread_receipt(
    post: Post, sender: Account, device: int, receipt: Node, *, to: Account, to_device: int, group: Group | None = None
) -> None:
    """Forward a device's receipt to those whom it concerns: a plea to send again to the one device that can.

    That something was read concerns the reader's own other devices as well. A receipt of a message in a group comes
    from the group, and names who sent it as a message does.
    """
    kind = receipt.text("type")
    if kind in _NOT_FORWARDED:
        return
    attributes: dict[str, Attribute] = {"from": sender.lid_jid.on(device), "id": receipt.text("id"), "t": now_s()}
    if group:
        attributes |= {"from": group.jid, **stanzas.sender(group, sender, device)}
    forwarded = Node("receipt", {**attributes, "type": kind} if kind else attributes, receipt.children or None)
    for place in [(to.number, to_device)] if kind == _RETRY else every_place(to):
        if place[1] == PHONE or place[1] in to.devices:
            post.deliver(place, forwarded)
    if kind in _READ and to is not sender:
        chat: dict[str, Attribute] = {} if group else {"recipient": to.lid_jid}
        own = Node("receipt", {**attributes, **chat, "type": kind}, receipt.children or None)
        for place in every_place(sender):
            if place != (sender.number, device):
                post.deliver(place, own)


def announce(accounts: Accounts, post: Post, changed: Account, *, new: int | None = None) -> None:
    """Have every linked device, but one that is `new` itself, forget the list it may have of an account.

    Several changes count as one.
    """
    lid = changed.lid_jid
    about: dict[str, Attribute] = {
        "from": lid,
        "lid": lid,
        "type": "devices",
        "id": secrets.token_hex(8),
        "t": now_s(),
    }
    # Some clients forget the list of whose devices are named here, by either address.
    places = [jid.on(device) for jid in (lid, changed.jid) for _, device in every_place(changed)]
    update = Node("update", {"hash": "changed"}, tuple(Node("device", {"jid": place}) for place in places))
    stanza = Node("notification", about, (update,))
    for account in accounts:
        for device in account.devices:
            if not (account is changed and device == new):
                post.deliver((account.number, device), stanza)
