"""Changes of groups, by a client or with a phone: made as the rules allow, and told to every member's devices.

The devices of who acts hear of it, too: clients keep their list of members by these notices alone. Who joins is told
the whole group.
"""

from collections.abc import Iterable
from typing import Any

from chalicelib.wire.node import Jid, Node
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.groups import stanzas
from infra.whatsapp_server.groups.state import Addressing, Change, Group, Groups
from infra.whatsapp_server.post import Post
from infra.whatsapp_server.storage import Database


class GroupChanges:
    """What an account can do to a group; each raises the `GroupRefused` of the rule that forbids it."""

    def __init__(self, groups: Groups, accounts: Accounts, post: Post, database: Database) -> None:
        self._groups = groups
        self._accounts = accounts
        self._post = post
        self._database = database

    def make(
        self,
        maker: Account,
        subject: str,
        members: Iterable[Account],
        *,
        description: str = "",
        addressing: Addressing = Addressing.LID,
        settings: dict[str, Any] | None = None,
    ) -> tuple[Group, list[Change]]:
        """Make a group of ``maker`` and ``members``; return it, with what became of members who let nobody add them."""
        with self._database.transaction():
            invited = list(members)
            addable = [one for one in invited if one is maker or self._groups.addable(one)]
            group = self._groups.make(maker, subject, addable, description=description, addressing=addressing)
            if settings:
                group = self._groups.configure(maker, group.id, **settings)
            private = [group.address(one) for one in invited if one not in addable]
            _, changes = self._groups.add(maker, group.id, private)
            self._tell_newcomers(group, maker, self._groups.people(group), "new")
        return group, changes

    def add(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Add members."""
        with self._database.transaction():
            group, changes = self._groups.add(actor, name, jids)
            self._tell_added(group, actor, _done(changes))
        return group, changes

    def remove(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Remove members."""
        return self._alter("remove", actor, name, jids)

    def promote(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Make members admins."""
        return self._alter("promote", actor, name, jids)

    def demote(self, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        """Make admins mere members."""
        return self._alter("demote", actor, name, jids)

    def rename(self, actor: Account, name: str, subject: str) -> Group:
        """Change the subject."""
        with self._database.transaction():
            group = self._groups.rename(actor, name, subject)
            self._tell(group, actor, stanzas.subject(group, self._accounts))
        return group

    def describe(self, actor: Account, name: str, text: str, *, version: str = "", former: str | None = None) -> Group:
        """Change the description, or delete it with an empty text."""
        with self._database.transaction():
            group = self._groups.describe(actor, name, text, version=version, former=former)
            self._tell(group, actor, stanzas.description(group))
        return group

    def announce(self, actor: Account, name: str, *, only_admins: bool) -> Group:
        """Have only admins write, or everybody."""
        tag = "announcement" if only_admins else "not_announcement"
        return self._configure(actor, name, Node(tag, {"v_id": stanzas.version()}), announcement=only_admins)

    def lock(self, actor: Account, name: str, *, only_admins: bool) -> Group:
        """Have only admins change subject and description, or everybody."""
        return self._configure(actor, name, Node("locked" if only_admins else "unlocked"), locked=only_admins)

    def disappear(self, actor: Account, name: str, seconds: int) -> Group:
        """Have messages disappear after so many seconds; 0 has them stay."""
        change = Node("ephemeral", {"expiration": str(seconds)}) if seconds else Node("not_ephemeral")
        return self._configure(actor, name, change, ephemeral_s=seconds)

    def let_add(self, actor: Account, name: str, mode: str) -> Group:
        """Say who adds members: `all_member_add` or `admin_add`."""
        return self._configure(actor, name, Node("member_add_mode", {}, mode.encode()), adds=mode)

    def renew_invite(self, actor: Account, name: str) -> Group:
        """Make the link useless, and a new one."""
        with self._database.transaction():
            group = self._groups.invite(actor, name, renew=True)
            self._tell(group, actor, Node("invite", {"code": group.invite}))
        return group

    def want_approval(self, actor: Account, name: str, *, on: bool) -> Group:
        """Have admins let in who comes by the link, or let everybody in who has it."""
        state = Node("group_join", {"state": "on" if on else "off"})
        return self._configure(actor, name, Node("membership_approval_mode", {}, (state,)), approval=on)

    def join(self, actor: Account, code: str) -> tuple[Group, bool]:
        """Join by a link's code, or ask to be let in where the group wants that; whether the actor is in it now."""
        with self._database.transaction():
            if self._groups.invited(code).approval:
                group = self._groups.ask(actor, code)
                self._tell(group, actor, stanzas.requested(group, actor))
                return group, False
            group = self._groups.join(actor, code)
            self._tell_added(group, actor, [actor], "invite")
        return group, True

    def accept(self, actor: Account, name: str, code: str) -> Group:
        """Join by an offer of an admin."""
        with self._database.transaction():
            group = self._groups.accept(actor, name, code)
            self._tell_added(group, actor, [actor], "invite")
        return group

    def decide(self, actor: Account, name: str, jids: Iterable[Jid], *, approve: bool) -> tuple[Group, list[Change]]:
        """Let in or turn away those who asked."""
        with self._database.transaction():
            group, changes = self._groups.decide(actor, name, jids, approve=approve)
            if approve:
                self._tell_added(group, actor, _done(changes), "linked_group_join")
        return group, changes

    def leave(self, actor: Account, name: str) -> Group:
        """Leave; who becomes admin for it is told to all."""
        with self._database.transaction():
            group, heir = self._groups.leave(actor, name)
            gone = stanzas.members("remove", group, [actor], prev_v_id=stanzas.version(), v_id=stanzas.version())
            self._tell(group, actor, gone, also=[actor])
            if heir:
                self._tell(group, actor, stanzas.members("promote", group, [heir]))
        return group

    def _alter(self, tag: str, actor: Account, name: str, jids: Iterable[Jid]) -> tuple[Group, list[Change]]:
        act = {"remove": self._groups.remove, "promote": self._groups.promote, "demote": self._groups.demote}[tag]
        with self._database.transaction():
            group, changes = act(actor, name, jids)
            altered = _done(changes)
            if altered:
                change = stanzas.members(tag, group, altered, prev_v_id=stanzas.version(), v_id=stanzas.version())
                self._tell(group, actor, change, also=altered)
        return group, changes

    def _configure(self, actor: Account, name: str, change: Node, **settings: Any) -> Group:
        with self._database.transaction():
            group = self._groups.configure(actor, name, **settings)
            self._tell(group, actor, change)
        return group

    def _tell_added(self, group: Group, actor: Account, added: list[Account], reason: str = "") -> None:
        if not added:
            return
        why = {"reason": reason} if reason else {}
        change = stanzas.members("add", group, added, prev_v_id=stanzas.version(), v_id=stanzas.version(), **why)
        self._tell(group, actor, change, but=added)
        self._tell_newcomers(group, actor, added, reason)

    def _tell_newcomers(self, group: Group, actor: Account, newcomers: list[Account], reason: str) -> None:
        create = Node("create", {"reason": reason} if reason else {}, (stanzas.described(group, self._accounts),))
        self._deliver(newcomers, stanzas.notice(group, actor, create))

    def _tell(
        self, group: Group, actor: Account, change: Node, *, also: Iterable[Account] = (), but: Iterable[Account] = ()
    ) -> None:
        readers = {account.number: account for account in (*self._groups.people(group), *also)}
        for account in but:
            readers.pop(account.number, None)
        self._deliver(readers.values(), stanzas.notice(group, actor, change))

    def _deliver(self, readers: Iterable[Account], stanza: Node) -> None:
        """To linked devices alone: the phones are in this process, and look at the group itself."""
        for account in readers:
            for device in account.devices:
                self._post.deliver((account.number, device), stanza)


def _done(changes: Iterable[Change]) -> list[Account]:
    return [change.account for change in changes if change.account and change.done]
