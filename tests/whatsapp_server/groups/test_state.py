"""Groups' state and rules."""

from collections.abc import Callable

import pytest

from chalicelib.wire.node import Jid
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.errors import GroupConflict, GroupRefused, InviteRevoked, NotAMember, NotAnAdmin, TooLong
from infra.whatsapp_server.groups.state import FULL, Group, Groups, Member, Role, devices_hash, is_group
from infra.whatsapp_server.storage import Database


@pytest.fixture
def accounts() -> Accounts:
    found = Accounts()
    for number in ("628111111111", "628222222222", "628333333333", "628444444444"):
        found.opened(number, None, 7)
    return found


@pytest.fixture
def people(accounts: Accounts) -> list[Account]:
    """The maker of `group`, its admin, its member, and a stranger."""
    return list(accounts)


@pytest.fixture
def groups(database: Database, accounts: Accounts) -> Groups:
    return Groups(database, accounts)


@pytest.fixture
def group(groups: Groups, people: list[Account]) -> Group:
    made = groups.make(people[0], "Kopi", people[:3], description="Jam 9")
    return groups.promote(people[0], made.id, [people[1].jid])[0]


Act = Callable[[Groups, Account, Group, list[Account]], object]


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        (lambda groups, who, group, _: groups.seen_by(who, group.id), "maker admin member"),
        (lambda groups, who, group, _: groups.open_to(who, group.id), "maker admin member"),
        (lambda groups, who, group, people: groups.add(who, group.id, [people[3].jid]), "maker admin member"),
        (lambda groups, who, group, people: groups.remove(who, group.id, [people[2].jid]), "maker admin"),
        (lambda groups, who, group, people: groups.promote(who, group.id, [people[2].jid]), "maker admin"),
        (lambda groups, who, group, people: groups.demote(who, group.id, [people[1].jid]), "maker admin"),
        (lambda groups, who, group, _: groups.rename(who, group.id, "Teh"), "maker admin member"),
        (lambda groups, who, group, _: groups.describe(who, group.id, "Jam 10"), "maker admin member"),
        (lambda groups, who, group, _: groups.configure(who, group.id, locked=True), "maker admin"),
        (lambda groups, who, group, _: groups.invite(who, group.id), "maker admin"),
        (lambda groups, who, group, _: groups.leave(who, group.id), "maker admin member"),
    ],
)
def test_who_may_do_what(groups: Groups, people: list[Account], group: Group, act: Act, allowed: str) -> None:
    may = []
    for role, who in zip(("maker", "admin", "member", "stranger"), people, strict=True):
        groups._write(group)
        try:
            act(groups, who, group, people)
        except GroupRefused:
            assert groups.find(group.id) == group
        else:
            may.append(role)
    assert " ".join(may) == allowed


def test_a_locked_group_and_one_that_admins_alone_extend(groups: Groups, people: list[Account], group: Group) -> None:
    groups.configure(people[0], group.id, locked=True, adds="admin_add", announcement=True)
    acts: list[Callable[[], object]] = [
        lambda: groups.rename(people[2], group.id, "Teh"),
        lambda: groups.describe(people[2], group.id, ""),
        lambda: groups.add(people[2], group.id, [people[3].jid]),
        lambda: groups.open_to(people[2], group.id),
    ]
    for act in acts:
        with pytest.raises(NotAnAdmin):
            act()
    assert groups.rename(people[1], group.id, "Teh").subject == "Teh"


def test_a_group_is_what_was_written_of_it(groups: Groups, people: list[Account], group: Group) -> None:
    changed = groups.configure(people[0], group.id, ephemeral_s=86400)
    invited = groups.invite(people[0], group.id)
    assert groups.find(group.id) == invited
    assert (invited.ephemeral_s, invited.description) == (86400, changed.description)
    assert [member.role for member in invited.members] == [Role.SUPERADMIN, Role.ADMIN, Role.MEMBER]


def test_a_group_from_before_it_had_settings_is_its_first_members(
    database: Database, groups: Groups, people: list[Account]
) -> None:
    database.run("INSERT INTO group_chats (id, name, topic, made_at) VALUES ('1203', 'Kopi', 'Jam 9', 5)")
    for one in people[:2]:
        database.run("INSERT INTO group_members (id, number) VALUES ('1203', ?)", one.number)
    found = groups.find("1203")
    assert found
    assert (found.subject, found.maker, found.made_at) == ("Kopi", people[0].number, 5)
    assert found.description
    assert found.description.text == "Jam 9"
    assert found.members == (Member(people[0].number, Role.SUPERADMIN), Member(people[1].number))
    assert groups.describe(people[0], "1203", "").description is None
    assert groups.find("1203") == groups.seen_by(people[1], "1203")


def test_a_full_group_takes_nobody(
    groups: Groups, people: list[Account], group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.whatsapp_server.groups.state.MOST_MEMBERS", 3)
    _, [change] = groups.add(people[0], group.id, [people[3].jid])
    assert change.error == FULL


def test_of_two_who_change_the_description_the_second_is_told(
    groups: Groups, people: list[Account], group: Group
) -> None:
    assert group.description
    groups.describe(people[0], group.id, "Jam 10", former=group.description.id)
    with pytest.raises(GroupConflict):
        groups.describe(people[1], group.id, "Jam 11", former=group.description.id)


def test_an_invitation_ends_with_a_new_one_and_with_the_last_member(groups: Groups, people: list[Account]) -> None:
    alone = groups.make(people[0], "Kopi", [])
    first = groups.invite(people[0], alone.id).invite
    second = groups.invite(people[0], alone.id, renew=True).invite
    with pytest.raises(InviteRevoked):
        groups.join(people[3], first)
    groups.leave(people[0], alone.id)
    with pytest.raises(InviteRevoked):
        groups.join(people[3], second)
    with pytest.raises(NotAMember):
        groups.seen_by(people[0], alone.id)


def test_texts_have_whatsapps_limits(groups: Groups, people: list[Account], group: Group) -> None:
    for act in (
        lambda: groups.rename(people[0], group.id, "x" * 101),
        lambda: groups.describe(people[0], group.id, "x" * 2049),
    ):
        with pytest.raises(TooLong):
            act()


def test_the_hash_of_devices_is_whatsapps() -> None:
    # The one of no device is so frequent that WhatsApp has a token for it.
    assert devices_hash([]) == "2:47DEQpj8"
    jids = [Jid("22", "lid", 3), Jid("21", "lid")]
    assert devices_hash(jids) == devices_hash(reversed(jids)) != devices_hash(jids[:1])


@pytest.mark.parametrize(
    ("text", "is_one"), [("1203@g.us", True), ("628-16@g.us", True), ("x@g.us", False), ("628", False)]
)
def test_a_groups_address_is_known(text: str, is_one: bool) -> None:
    assert is_group(text) is is_one
