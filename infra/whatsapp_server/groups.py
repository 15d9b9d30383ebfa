"""The groups that virtual phones made, and who is in them; kept in the file of what passes through the server."""

import secrets
from dataclasses import dataclass
from typing import Final

from chalicelib.wire.node import Jid
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.clock import now_ms
from infra.whatsapp_server.storage import Database

GROUPS: Final = "g.us"
"""The server part of a group's address."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group. `id` is what stands before the @ of its address; `made_at` is milliseconds since the epoch.

    `members` are phone numbers, its maker's first.
    """

    id: str
    name: str
    topic: str
    made_at: int
    members: tuple[str, ...]

    @property
    def jid(self) -> Jid:
        """The group's address."""
        return Jid(self.id, GROUPS)

    @property
    def maker(self) -> str:
        """The number of who made it."""
        return self.members[0]


class Groups:
    """All groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, maker: Account, name: str, members: tuple[Account, ...], *, topic: str = "") -> Group:
        """Make a group of who makes it and others."""
        numbers = (maker.number, *(member.number for member in members))
        group = Group(f"120363{secrets.randbelow(10**12):012d}", name, topic, now_ms(), numbers)
        with self._database.transaction():
            self._database.run(
                "INSERT INTO group_chats (id, name, topic, made_at) VALUES (?, ?, ?, ?)",
                group.id, group.name, group.topic, group.made_at,
            )  # fmt: skip
            for number in numbers:
                self._database.run("INSERT INTO group_members (id, number) VALUES (?, ?)", group.id, number)
        return group

    def of(self, account: Account) -> list[Group]:
        """The groups that an account is in, the oldest first."""
        rows = self._database.rows(
            "SELECT id, name, topic, made_at FROM group_chats JOIN group_members USING (id) "
            "WHERE number = ? ORDER BY seq",
            account.number,
        )
        return [Group(name, title, topic, at, self._members(name)) for name, title, topic, at in rows]

    def _members(self, group: str) -> tuple[str, ...]:
        rows = self._database.rows("SELECT number FROM group_members WHERE id = ? ORDER BY rowid", group)
        return tuple(number for (number,) in rows)
