"""Tells clients that an account's devices have changed: they keep the lists they were given."""

import secrets

from infra.local.whatsapp.accounts import Account, Accounts
from infra.local.whatsapp.clock import now_s
from infra.local.whatsapp.node import Attribute, Node
from infra.local.whatsapp.post import Post


def announce(accounts: Accounts, post: Post, changed: Account) -> None:
    """Have every linked device forget the list it may have of an account. Several changes count as one."""
    lid = changed.lid_jid
    about: dict[str, Attribute] = {
        "from": lid,
        "lid": lid,
        "type": "devices",
        "id": secrets.token_hex(8),
        "t": now_s(),
    }
    stanza = Node("notification", about, (Node("update", {"hash": "changed"}),))
    for account in accounts:
        for device in account.devices:
            post.deliver((account.number, device), stanza)
