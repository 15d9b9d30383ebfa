"""The client's questions about numbers: whether they are on WhatsApp, their hidden ids, their devices."""

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.client import Client
from infra.local.whatsapp.jid import PHONES, Jid
from infra.local.whatsapp.network import Network
from infra.local.whatsapp.node import Attribute, Node
from infra.local.whatsapp.post import PHONE

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
