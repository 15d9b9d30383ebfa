"""Clients' queries about groups: the namespace `w:g2`. A refusal carries WhatsApp's own code."""

from collections.abc import Awaitable, Callable
from typing import Final

from chalicelib.wire.node import Node
from infra.whatsapp_server.groups import stanzas
from infra.whatsapp_server.groups.changes import GroupChanges
from infra.whatsapp_server.groups.state import GROUPS, NOT_FOUND, Change
from infra.whatsapp_server.network import Client

Answer = Callable[[Client, Node], Awaitable[None]]


async def participating(client: Client, query: Node) -> None:
    """Answer with each group that the account is in: its members and its description only where they were asked for."""
    wanted = {child.tag for child in query.get("participating").children}
    network = client.network
    found = (stanzas.described(one, network.accounts, parts=wanted) for one in network.groups.of(client.account))
    await client.connection.reply(query, Node("groups", {}, tuple(found)))


async def one_group(client: Client, query: Node) -> None:
    """Answer with the group: clients ask before they write to it, and whom it is offered to, before they join."""
    offer, groups = query.find("query", "add_request"), client.network.groups
    if offer:
        group = groups.offered(client.account, _named(query), offer.text("code"))
    else:
        group = groups.seen_by(client.account, _named(query))
    await client.connection.reply(query, stanzas.described(group, client.network.accounts))


async def create(client: Client, query: Node) -> None:
    """Make a group. Who isn't on WhatsApp, or is to be asked, is named in the answer with an error."""
    asked, network = query.get("create"), client.network
    jids = [one.jid("jid") for one in asked.named("participant")]
    known = [account for jid in jids if (account := network.accounts.of(jid))]
    body = asked.find("description", "body")
    group, private = network.group_changes.make(
        client.account,
        asked.text("subject"),
        known,
        description=body.data.decode() if body else "",
        settings=_settings(asked),
    )
    described = stanzas.described(group, network.accounts)
    unknown = [Change(jid, None, NOT_FOUND) for jid in jids if network.accounts.of(jid) is None]
    errors = stanzas.changed_members("", group, [*private, *unknown]).children
    await client.connection.reply(query, Node("group", described.attributes, (*described.children, *errors)))


def _settings(asked: Node) -> dict[str, bool | int | str]:
    """What a client sets as it makes a group."""
    settings: dict[str, bool | int | str] = {
        "announcement": asked.find("announcement") is not None,
        "locked": asked.find("locked") is not None,
    }
    ephemeral, adds = asked.find("ephemeral"), asked.find("member_add_mode")
    approval = asked.find("membership_approval_mode", "group_join")
    if ephemeral:
        settings["ephemeral_s"] = int(ephemeral.text("expiration") or 0)
    if adds:
        settings["adds"] = adds.data.decode()
    if approval:
        settings["approval"] = approval.text("state") == "on"
    return settings


def members(tag: str) -> Answer:
    """The answer to a change of members: what became of each."""

    async def change(client: Client, query: Node) -> None:
        jids = [one.jid("jid") for one in query.get(tag).named("participant")]
        changes = client.network.group_changes
        act = {"add": changes.add, "remove": changes.remove, "promote": changes.promote, "demote": changes.demote}[tag]
        group, outcomes = act(client.account, _named(query), jids)
        await client.connection.reply(query, stanzas.changed_members(tag, group, outcomes))

    return change


async def subject(client: Client, query: Node) -> None:
    """Change the subject."""
    client.network.group_changes.rename(client.account, _named(query), query.get("subject").data.decode())
    await client.connection.reply(query)


async def description(client: Client, query: Node) -> None:
    """Change the description; its client names the version that it knows, none if it knows of none."""
    asked, body = query.get("description"), query.find("description", "body")
    client.network.group_changes.describe(
        client.account,
        _named(query),
        body.data.decode() if body else "",
        version=asked.text("id"),
        former=asked.text("prev"),
    )
    await client.connection.reply(query)


def setting(act: Callable[[GroupChanges, Client, Node, str], object]) -> Answer:
    """The answer to a change of a setting: an empty result."""

    async def change(client: Client, query: Node) -> None:
        act(client.network.group_changes, client, query.children[0], _named(query))
        await client.connection.reply(query)

    return change


async def invite(client: Client, query: Node) -> None:
    """Answer with a group's link, or with the group of a link."""
    code, network = query.get("invite").text("code"), client.network
    if code:
        group = network.groups.invited(code)
        parts = {"description"}
        await client.connection.reply(query, stanzas.described(group, network.accounts, parts=parts))
        return
    group = network.groups.invite(client.account, _named(query))
    await client.connection.reply(query, Node("invite", {"code": group.invite}))


async def change_invite(client: Client, query: Node) -> None:
    """Make a new link in place of a group's, or join by a link."""
    code, changes = query.get("invite").text("code"), client.network.group_changes
    if code:
        group, joined = changes.join(client.account, code)
        tag = "group" if joined else "membership_approval_request"
        await client.connection.reply(query, Node(tag, {"jid": group.jid}))
        return
    group = changes.renew_invite(client.account, _named(query))
    await client.connection.reply(query, Node("invite", {"code": group.invite}))


async def leave(client: Client, query: Node) -> None:
    """Leave the groups named."""
    left = []
    for one in query.get("leave").named("group"):
        group = client.network.group_changes.leave(client.account, one.jid("id").user)
        left.append(Node("group", {"id": group.jid}))
    await client.connection.reply(query, Node("leave", {}, tuple(left)))


async def accept(client: Client, query: Node) -> None:
    """Join by an offer of an admin."""
    client.network.group_changes.accept(client.account, _named(query), query.get("accept").text("code"))
    await client.connection.reply(query)


async def approval_mode(client: Client, query: Node) -> None:
    """Have admins let in who comes by the link, or not."""
    on = query.get("membership_approval_mode", "group_join").text("state") == "on"
    client.network.group_changes.want_approval(client.account, _named(query), on=on)
    await client.connection.reply(query)


async def requests(client: Client, query: Node) -> None:
    """Answer with those who wait to be let in."""
    groups, name = client.network.groups, _named(query)
    waiting = groups.requests(client.account, name)
    await client.connection.reply(query, stanzas.requests(groups.led_by(client.account, name), waiting))


async def decide(client: Client, query: Node) -> None:
    """Let in or turn away those who wait."""
    asked = query.get("membership_requests_action").children
    verdict = asked[0].tag if asked else ""
    if verdict not in ("approve", "reject"):
        raise ValueError("the query neither approves nor rejects")
    jids = [one.jid("jid") for one in asked[0].named("participant")]
    changes, approve = client.network.group_changes, verdict == "approve"
    group, outcomes = changes.decide(client.account, _named(query), jids, approve=approve)
    answer = Node("membership_requests_action", {}, (stanzas.changed_members(verdict, group, outcomes),))
    await client.connection.reply(query, answer)


async def no_subgroups(client: Client, query: Node) -> None:
    """Answer that the group has no others in it: there are no communities here."""
    client.network.groups.seen_by(client.account, _named(query))
    await client.connection.reply(query, Node("sub_groups"))


def _named(query: Node) -> str:
    """The group that a query goes to; ValueError if it goes to none."""
    jid = query.jid("to")
    if jid.server != GROUPS or not jid.user:
        raise ValueError("the query names no group")
    return jid.user


ANSWERS: Final[dict[tuple[str, str], Answer]] = {
    ("get", "participating"): participating,
    ("get", "query"): one_group,
    ("set", "create"): create,
    **{("set", tag): members(tag) for tag in ("add", "remove", "promote", "demote")},
    ("set", "subject"): subject,
    ("set", "description"): description,
    ("set", "announcement"): setting(lambda changes, by, _, to: changes.announce(by.account, to, only_admins=True)),
    ("set", "not_announcement"): setting(
        lambda changes, by, _, to: changes.announce(by.account, to, only_admins=False)
    ),
    ("set", "locked"): setting(lambda changes, by, _, to: changes.lock(by.account, to, only_admins=True)),
    ("set", "unlocked"): setting(lambda changes, by, _, to: changes.lock(by.account, to, only_admins=False)),
    ("set", "ephemeral"): setting(
        lambda changes, by, asked, to: changes.disappear(by.account, to, int(asked.text("expiration") or 0))
    ),
    ("set", "not_ephemeral"): setting(lambda changes, by, _, to: changes.disappear(by.account, to, 0)),
    ("set", "member_add_mode"): setting(
        lambda changes, by, asked, to: changes.let_add(by.account, to, asked.data.decode())
    ),
    ("get", "invite"): invite,
    ("set", "invite"): change_invite,
    ("set", "leave"): leave,
    ("set", "accept"): accept,
    ("set", "membership_approval_mode"): approval_mode,
    ("get", "membership_approval_requests"): requests,
    ("set", "membership_requests_action"): decide,
    ("get", "sub_groups"): no_subgroups,
}
"""By the query's type and its child's tag."""
