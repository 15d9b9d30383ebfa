"""Groups on the wire: a group's description in a query's answer, its members, and the notices of its changes."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from chalicelib.wire.node import Attribute, Node
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.clock import now_s
from infra.whatsapp_server.groups.state import Addressing, Change, Group, Request, Role

ALL_PARTS: Final = frozenset({"participants", "description"})
"""What of a group is only told where it is asked for."""


def described(group: Group, accounts: Accounts, *, parts: Iterable[str] = ALL_PARTS) -> Node:
    """A group with its settings, and the `parts` that are wanted."""
    attributes: dict[str, Attribute] = {
        "id": group.id,
        "subject": group.subject,
        "s_t": _seconds(group.subject_at),
        "creation": _seconds(group.made_at),
        "addressing_mode": group.addressing,
        "size": str(len(group.members)),
        **_person("s_o", group, accounts.numbered(group.subject_by)),
        **_person("creator", group, accounts.numbered(group.maker)),
    }
    children: list[Node] = []
    if "description" in parts and group.description:
        told = group.description
        by = _person("participant", group, accounts.numbered(told.by))
        about: dict[str, Attribute] = {"id": told.id, "t": _seconds(told.at), **by}
        children.append(Node("description", about, (Node("body", {}, told.text.encode()),)))
    if "participants" in parts:
        children += [_member(group, accounts.numbered(one.number), one.role) for one in group.members]
    children += [Node(tag) for tag, is_so in (("announcement", group.announcement), ("locked", group.locked)) if is_so]
    if group.ephemeral_s:
        children.append(Node("ephemeral", {"expiration": str(group.ephemeral_s)}))
    children.append(Node("member_add_mode", {}, group.adds.encode()))
    if group.approval:
        children.append(Node("membership_approval_mode", {}, (Node("group_join", {"state": "on"}),)))
    return Node("group", attributes, tuple(children))


def changed_members(tag: str, group: Group, changes: Iterable[Change]) -> Node:
    """The answer to a change of members: what became of each."""
    return Node(tag, {}, tuple(_outcome(group, change) for change in changes))


def members(tag: str, group: Group, accounts: Iterable[Account], **attributes: Attribute) -> Node:
    """The notice that members came, went, or have another role."""
    return Node(tag, attributes, tuple(Node("participant", _names(group, account)) for account in accounts))


def requested(group: Group, account: Account) -> Node:
    """The notice that somebody asks to be let in."""
    names = _names(group, account)
    return Node("created_membership_requests", {"request_method": "invite_link"}, (Node("requested_user", names),))


def requests(group: Group, waiting: Iterable[Request]) -> Node:
    """Who waits to be let in."""
    found = (
        Node("membership_approval_request", {**_names(group, one.account), "request_time": _seconds(one.at)})
        for one in waiting
    )
    return Node("membership_approval_requests", {}, tuple(found))


def subject(group: Group, accounts: Accounts) -> Node:
    """The notice of a new subject."""
    about: dict[str, Attribute] = {"subject": group.subject, "s_t": _seconds(group.subject_at)}
    return Node("subject", {**about, **_person("s_o", group, accounts.numbered(group.subject_by))})


def description(group: Group) -> Node:
    """The notice of a new description, or of none."""
    told = group.description
    if told is None:
        return Node("description", {"id": version()}, (Node("delete"),))
    return Node("description", {"id": told.id}, (Node("body", {}, told.text.encode()),))


def notice(group: Group, actor: Account, change: Node) -> Node:
    """The notification of a change, as each device of each member gets it."""
    return Node(
        "notification",
        {
            "from": group.jid,
            "type": "w:gp2",
            "id": secrets.token_hex(8),
            "t": now_s(),
            "notify": actor.name,
            **sender(group, actor),
        },
        (change,),
    )


def message(
    group: Group, author: Account, device: int, carried: Mapping[str, Attribute], content: tuple[Node, ...]
) -> Node:
    """A message as each device of each member gets it, with what was encrypted for that device."""
    about: dict[str, Attribute] = {"from": group.jid, "notify": author.name, "t": now_s()}
    return Node("message", {**carried, **about, **sender(group, author, device)}, content)


def sender(group: Group, account: Account, device: int = 0) -> dict[str, Attribute]:
    """Who it is that wrote or did something in a group."""
    other = "participant_pn" if group.addressing is Addressing.LID else "participant_lid"
    return {
        "participant": group.address(account).on(device),
        other: group.other_address(account),
        "addressing_mode": group.addressing,
    }


def version() -> str:
    """A name for a state of a group; clients keep it, and compare nothing with it."""
    return secrets.token_hex(8)


def _member(group: Group, account: Account | None, role: Role) -> Node:
    names = _names(group, account) if account else {}
    return Node("participant", names if role is Role.MEMBER else {**names, "type": role})


def _outcome(group: Group, change: Change) -> Node:
    names = _names(group, change.account) if change.account else {"jid": change.jid}
    if change.error is None:
        return Node("participant", names)
    offer = change.offer
    added = Node("add_request", {"code": offer.code, "expiration": _seconds(offer.ends)}) if offer else None
    return Node("participant", {**names, "error": str(change.error)}, (added,) if added else None)


def _names(group: Group, account: Account) -> dict[str, Attribute]:
    other = "phone_number" if group.addressing is Addressing.LID else "lid"
    return {"jid": group.address(account), other: group.other_address(account)}


def _person(name: str, group: Group, account: Account | None) -> dict[str, Attribute]:
    """Somebody by the group's kind of address, and in a group of LIDs by number beside it."""
    if account is None:
        return {}
    beside = {f"{name}_pn": account.jid} if group.addressing is Addressing.LID else {}
    return {name: group.address(account), **beside}


def _seconds(at: int) -> str:
    return str(at // 1000)
