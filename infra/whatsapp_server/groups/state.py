"""Groups: who is in one, what is set for it, and who may change what. They are kept in the database.

WhatsApp's rules as the official apps meet them: everybody in a group sees it; the subject and the description may be
changed by all, or by admins alone once the group is locked; members are added by all (`member_add_mode`), the rest is
for admins. The superadmin, who made the group, can't be removed or demoted by others. When the last admin leaves, the
oldest member becomes one. Refusals are the `GroupRefused` of `errors`, with WhatsApp's own codes.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from chalicelib.wire.node import Jid
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.errors import (
    GroupConflict,
    InviteForbidden,
    InvitePointsNowhere,
    InviteRevoked,
    NotAMember,
    NotAnAdmin,
    TooLong,
    UnknownGroup,
)
from infra.whatsapp_server.storage import Database

GROUPS: Final = "g.us"
"""The server part of a group's address."""
LONGEST_SUBJECT: Final = 100
LONGEST_DESCRIPTION: Final = 2048
MOST_MEMBERS: Final = 1024
PRIVATE, NOT_FOUND, NOT_ALLOWED, CONFLICT, FULL = 403, 404, 405, 409, 419
"""Why somebody can't be changed: won't be added but asked, is unknown, may not be changed, is in it, has no room."""
OFFERED_FOR_MS: Final = 3 * 86_400_000
"""How long somebody may think about an invitation of one's own."""


class Role(StrEnum):
    """What a member may do."""

    MEMBER = "member"
    ADMIN = "admin"
    SUPERADMIN = "superadmin"


class Addressing(StrEnum):
    """How a group's stanzas name its members: by number, as all did once, or by LID, as new ones have since 2025."""

    PN = "pn"
    LID = "lid"


@dataclass(frozen=True, slots=True)
class Member:
    """A phone number in a group."""

    number: str
    role: Role = Role.MEMBER

    @property
    def is_admin(self) -> bool:
        """Whether the member may change the group."""
        return self.role is not Role.MEMBER


@dataclass(frozen=True, slots=True)
class Description:
    """A group's description. `id` is its version: who changes it names the one before; `at` is in milliseconds."""

    id: str
    text: str
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group. `id` is what stands before the @ of its address; times are milliseconds since the epoch.

    `members` come in the order in which they joined; `maker`, `subject_by` and `description.by` are numbers.
    In an announcement group only admins write; where `approval` is needed they let in who comes by the link.
    `ephemeral_s` is the timer of disappearing messages, 0 without one.
    """

    id: str
    subject: str
    made_at: int
    maker: str
    members: tuple[Member, ...]
    subject_at: int
    subject_by: str
    description: Description | None = None
    addressing: Addressing = Addressing.LID
    announcement: bool = False
    locked: bool = False
    ephemeral_s: int = 0
    adds: str = "all_member_add"
    approval: bool = False
    invite: str = ""

    @property
    def jid(self) -> Jid:
        """The group's address."""
        return Jid(self.id, GROUPS)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The members' numbers."""
        return tuple(member.number for member in self.members)

    def member(self, account: Account) -> Member | None:
        """The membership of an account, if it has one."""
        return next((one for one in self.members if one.number == account.number), None)

    def address(self, account: Account) -> Jid:
        """How the group's stanzas name an account."""
        return account.lid_jid if self.addressing is Addressing.LID else account.jid

    def other_address(self, account: Account) -> Jid:
        """The account's other address, which stands beside the first where WhatsApp tells it."""
        return account.jid if self.addressing is Addressing.LID else account.lid_jid


@dataclass(frozen=True, slots=True)
class AdminOffer:
    """An invitation to one person who isn't simply added; `ends` is in milliseconds since the epoch."""

    code: str
    ends: int


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who waits to be let in, since `at`, in milliseconds since the epoch."""

    account: Account
    at: int


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one member of several that were to be changed: `error` is WhatsApp's code, None if it was done.

    With PRIVATE comes the `offer` that the actor may send.
    """

    jid: Jid
    account: Account | None
    error: int | None = None
    offer: AdminOffer | None = None

    @property
    def done(self) -> bool:
        """Whether the member was changed."""
        return self.error is None


class Groups:
    """All groups. Each act is one transaction, and names who acts: what that account may not do is refused."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    def make(
        self,
        maker: Account,
        subject: str,
        members: Iterable[Account],
        *,
        description: str = "",
        addressing: Addressing = Addressing.LID,
    ) -> Group:
        """Make a group of who makes it and others, whether they let themselves be added or not."""
        _check_length(subject, LONGEST_SUBJECT)
        now = now_ms()
        others = dict.fromkeys(member.number for member in members if member is not maker)
        group = Group(
            id=f"120363{secrets.randbelow(10**12):012d}",
            subject=subject,
            made_at=now,
            maker=maker.number,
            members=(Member(maker.number, Role.SUPERADMIN), *(Member(number) for number in others)),
            subject_at=now,
            subject_by=maker.number,
            description=Description(_version(), description, now, maker.number) if description else None,
            addressing=addressing,
        )
        with self._database.transaction():
            self._write(group)
        return group

    def of(self, account: Account) -> list[Group]:
        """The groups that an account is in, the oldest first."""
        rows = self._database.rows(
            "SELECT id FROM group_chats JOIN group_members USING (id) WHERE number = ? ORDER BY group_chats.seq",
            account.number,
        )
        return [group for (name,) in rows if (group := self.find(name))]

    def find(self, name: str) -> Group | None:
        """The group whose address begins so."""
        rows = self._database.rows("SELECT id, name, topic, made_at, settings FROM group_chats WHERE id = ?", name)
        return _read(rows[0], self._members(name)) if rows else None

    def is_admin(self, chat: str, number: str) -> bool:
        """Whether a chat is a group that somebody leads."""
        group = self.find(Jid.parse(chat).user) if is_group(chat) else None
        return any(one.number == number and one.is_admin for one in group.members) if group else False

    def seen_by(self, account: Account, name: str) -> Group:
        """A group as one of its members sees it; UnknownGroup or NotAMember."""
        return self._membership(account, name)[0]

    def led_by(self, account: Account, name: str) -> Group:
        """A group as one of its admins sees it; UnknownGroup, NotAMember or NotAnAdmin."""
        group, member = self._membership(account, name)
        if not member.is_admin:
            raise NotAnAdmin("Only an admin of the group may do that.")
        return group

    def open_to(self, account: Account, name: str) -> Group:
        """A group that an account may write in; UnknownGroup, NotAMember, or NotAnAdmin where only admins write."""
        group, member = self._membership(account, name)
        if group.announcement and not member.is_admin:
            raise NotAnAdmin("Only admins write in this group.")
        return group

    def people(self, group: Group) -> list[Account]:
        """The accounts of a group's members."""
        return [account for number in group.numbers if (account := self._accounts.numbered(number))]

    def add(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Add members: each is in it already (409), isn't on WhatsApp (404), finds no room (419), or is added.

        Who doesn't let others add them (403) is offered to join instead.
        """
        group, member = self._membership(actor, name)
        if group.adds == "admin_add" and not member.is_admin:
            raise NotAnAdmin("Only an admin of the group may add members.")
        changes: list[Change] = []
        for jid in jids:
            account = self._accounts.of(jid)
            error = NOT_FOUND if account is None else CONFLICT if group.member(account) else None
            if account and error is None:
                error = FULL if len(group.members) >= MOST_MEMBERS else None if self.addable(account) else PRIVATE
                group = group if error else _with(group, account)
            offer = self._offer(group, account) if account and error == PRIVATE else None
            changes.append(Change(jid, account, error, offer))
        return self._written(group), changes

    def addable(self, account: Account) -> bool:
        """Whether an account lets others add it to groups."""
        return not self._database.rows("SELECT 1 FROM phone_not_addable WHERE number = ?", account.number)

    def let_add(self, account: Account, *, addable: bool) -> None:
        """Set whether an account lets others add it to groups."""
        statement = "DELETE FROM phone_not_addable WHERE number = ?"
        if not addable:
            statement = "INSERT OR IGNORE INTO phone_not_addable VALUES (?)"
        self._database.run(statement, account.number)

    def remove(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Remove members: each isn't in it (404), is the superadmin (405), or is removed."""
        group = self.led_by(actor, name)
        changes = [self._change(group, jid, spared=(Role.SUPERADMIN,)) for jid in jids]
        gone = {change.account.number for change in changes if change.account and change.done}
        kept = tuple(one for one in group.members if one.number not in gone)
        return self._written(replace(group, members=kept)), changes

    def promote(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Make members admins."""
        group = self.led_by(actor, name)
        changes = [self._change(group, jid, spared=()) for jid in jids]
        return self._written(_with_role(group, changes, Role.ADMIN)), changes

    def demote(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Make admins mere members; the superadmin can't be (405)."""
        group = self.led_by(actor, name)
        changes = [self._change(group, jid, spared=(Role.SUPERADMIN,)) for jid in jids]
        return self._written(_with_role(group, changes, Role.MEMBER)), changes

    def rename(self, actor: Account, name: str, subject: str) -> Group:
        """Change the subject."""
        _check_length(subject, LONGEST_SUBJECT)
        group = self._editable(actor, name)
        return self._written(replace(group, subject=subject, subject_at=now_ms(), subject_by=actor.number))

    def describe(self, actor: Account, name: str, text: str, *, version: str = "", former: str | None = None) -> Group:
        """Change the description, or delete it with an empty text.

        `former` is the version that the actor knows, empty for none; GroupConflict where another one is in force.
        """
        _check_length(text, LONGEST_DESCRIPTION)
        group = self._editable(actor, name)
        known = group.description.id if group.description else ""
        if former is not None and former != known:
            raise GroupConflict("Somebody else has changed the description.")
        description = Description(version or _version(), text, now_ms(), actor.number) if text else None
        return self._written(replace(group, description=description))

    def configure(self, actor: Account, name: str, **settings: Any) -> Group:
        """Change `announcement`, `locked`, `ephemeral_s`, `adds` or `approval`."""
        return self._written(replace(self.led_by(actor, name), **settings))

    def invite(self, actor: Account, name: str, *, renew: bool = False) -> Group:
        """The group with a code by which others can join; a renewed one makes the former useless."""
        group, member = self._membership(actor, name)
        if not member.is_admin:
            raise InviteForbidden("Only an admin of the group sees its link.")
        if group.invite and not renew:
            return group
        code = secrets.token_urlsafe(16)
        with self._database.transaction():
            self._database.run("INSERT INTO group_invites (code, id) VALUES (?, ?)", code, group.id)
            return self._written(replace(group, invite=code))

    def invited(self, code: str) -> Group:
        """The group that a code leads to; InvitePointsNowhere, or InviteRevoked once there is a new one."""
        rows = self._database.rows("SELECT id FROM group_invites WHERE code = ?", code)
        group = self.find(rows[0][0]) if rows else None
        if group is None:
            raise InvitePointsNowhere("There is no such invitation.")
        if group.invite != code or not group.members:
            raise InviteRevoked("The invitation was revoked.")
        return group

    def join(self, actor: Account, code: str) -> Group:
        """Join by a code; GroupConflict for who is in it."""
        group = self.invited(code)
        if group.member(actor):
            raise GroupConflict(f"{actor.number} is in the group already.")
        return self._written(_with(group, actor))

    def ask(self, actor: Account, code: str) -> Group:
        """Ask the admins of a group that wants approval to be let in by its link; GroupConflict for who is in it."""
        group = self.invited(code)
        if group.member(actor):
            raise GroupConflict(f"{actor.number} is in the group already.")
        statement = "INSERT OR IGNORE INTO group_requests VALUES (?, ?, ?)"
        self._database.run(statement, group.id, actor.number, now_ms())
        return group

    def requests(self, actor: Account, name: str) -> list[Request]:
        """Who waits to be let in, the first first; NotAnAdmin for who isn't to know."""
        group = self.led_by(actor, name)
        rows = self._database.rows("SELECT number, at FROM group_requests WHERE id = ? ORDER BY at, number", group.id)
        return [Request(account, at) for number, at in rows if (account := self._accounts.numbered(number))]

    def decide(self, actor: Account, name: str, jids: Iterable[Jid], *, approve: bool) -> tuple[Group, list[Change]]:
        """Let in or turn away who waits; who doesn't wait is unknown (404)."""
        waiting = {request.account.number for request in self.requests(actor, name)}
        group, changes = self.led_by(actor, name), []
        for jid in jids:
            account = self._accounts.of(jid)
            error = None if account and account.number in waiting else NOT_FOUND
            if account and error is None:
                self._database.run("DELETE FROM group_requests WHERE id = ? AND number = ?", group.id, account.number)
                group = _with(group, account) if approve else group
            changes.append(Change(jid, account, error))
        return self._written(group), changes

    def offered(self, actor: Account, name: str, code: str) -> Group:
        """The group offered to somebody who couldn't be added; InviteRevoked for others, and after the offer's time."""
        rows = self._database.rows(
            "SELECT 1 FROM group_offers WHERE code = ? AND id = ? AND number = ? AND ends > ?",
            code, name, actor.number, now_ms(),
        )  # fmt: skip
        group = self.find(name)
        if not rows or group is None:
            raise InviteRevoked("The invitation has ended, or is for somebody else.")
        return group

    def accept(self, actor: Account, name: str, code: str) -> Group:
        """Join a group by an offer, which is good once; GroupConflict for who is in it."""
        group = self.offered(actor, name, code)
        if group.member(actor):
            raise GroupConflict(f"{actor.number} is in the group already.")
        self._database.run("DELETE FROM group_offers WHERE code = ?", code)
        return self._written(_with(group, actor))

    def leave(self, actor: Account, name: str) -> tuple[Group, Account | None]:
        """Leave; the group after it, and who had to become its admin."""
        group, _ = self._membership(actor, name)
        left = tuple(one for one in group.members if one.number != actor.number)
        heir = None
        if left and not any(one.is_admin for one in left):
            heir = self._accounts.numbered(left[0].number)
            left = (Member(left[0].number, Role.ADMIN), *left[1:])
        return self._written(replace(group, members=left)), heir

    def _offer(self, group: Group, account: Account) -> AdminOffer:
        offer = AdminOffer(secrets.token_urlsafe(12), now_ms() + OFFERED_FOR_MS)
        statement = "INSERT INTO group_offers VALUES (?, ?, ?, ?)"
        self._database.run(statement, offer.code, group.id, account.number, offer.ends)
        return offer

    def _membership(self, account: Account, name: str) -> tuple[Group, Member]:
        group = self.find(name)
        if group is None:
            raise UnknownGroup(f"There is no group {name}@{GROUPS} here.")
        member = group.member(account)
        if member is None:
            raise NotAMember(f"{account.number} isn't in the group.")
        return group, member

    def _editable(self, actor: Account, name: str) -> Group:
        group, member = self._membership(actor, name)
        if group.locked and not member.is_admin:
            raise NotAnAdmin("The group is locked: only an admin may change that.")
        return group

    def _change(self, group: Group, jid: Jid, *, spared: tuple[Role, ...]) -> Change:
        account = self._accounts.of(jid)
        member = group.member(account) if account else None
        if member is None:
            return Change(jid, account, NOT_FOUND)
        return Change(jid, account, NOT_ALLOWED if member.role in spared else None)

    def _written(self, group: Group) -> Group:
        with self._database.transaction():
            self._write(group)
        return group

    def _write(self, group: Group) -> None:
        self._database.run(
            "INSERT INTO group_chats (id, name, topic, made_at, settings) VALUES (?, ?, '', ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings",
            group.id, group.subject, group.made_at, _settings(group),
        )  # fmt: skip
        self._database.run("DELETE FROM group_members WHERE id = ?", group.id)
        for member in group.members:
            self._database.run(
                "INSERT INTO group_members (id, number, role) VALUES (?, ?, ?)", group.id, member.number, member.role
            )

    def _members(self, name: str) -> tuple[Member, ...]:
        rows = self._database.rows("SELECT number, role FROM group_members WHERE id = ? ORDER BY rowid", name)
        return tuple(Member(number, Role(role)) for number, role in rows)


def _with(group: Group, account: Account) -> Group:
    """The group with one member more."""
    return replace(group, members=(*group.members, Member(account.number)))


def _with_role(group: Group, changes: list[Change], role: Role) -> Group:
    """The group after a change of roles; the superadmin stays one."""
    changed = {change.account.number for change in changes if change.account and change.done}
    members = tuple(
        replace(one, role=role) if one.number in changed and one.role is not Role.SUPERADMIN else one
        for one in group.members
    )
    return replace(group, members=members)


def _check_length(text: str, longest: int) -> None:
    if len(text) > longest:
        raise TooLong(f"That may have {longest} characters at most.")


def _version() -> str:
    return secrets.token_hex(8).upper()


_COLUMNS = {"id", "subject", "made_at", "members"}


def _settings(group: Group) -> str:
    return json.dumps({name: value for name, value in asdict(group).items() if name not in _COLUMNS})


def _read(row: tuple[Any, ...], members: tuple[Member, ...]) -> Group:
    """A group of its row. One from before there were settings says who made it by its first member."""
    name, subject, topic, made_at, settings = row
    if not settings:
        maker = members[0].number
        first = (Member(maker, Role.SUPERADMIN), *members[1:])
        description = Description(_version(), topic, made_at, maker) if topic else None
        return Group(name, subject, made_at, maker, first, made_at, maker, description)
    found = json.loads(settings)
    found["description"] = Description(**found["description"]) if found["description"] else None
    found["addressing"] = Addressing(found["addressing"])
    return Group(id=name, subject=subject, made_at=made_at, members=members, **found)


def is_group(text: str) -> bool:
    """Whether a text is a group's address."""
    user, _, server = text.partition("@")
    return server == GROUPS and user.replace("-", "").isdecimal()


def devices_hash(jids: Iterable[Jid]) -> str:
    """WhatsApp's short hash of a list of devices, by which sender and server notice that theirs differ."""
    names = sorted(f"{jid.user}.0:{jid.device}@{jid.server}" for jid in jids)
    return f"2:{b64encode(sha256(''.join(names).encode()).digest()[:6]).decode().rstrip('=')}"
