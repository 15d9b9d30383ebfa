"""Invitations: made by who may link, opened once, and dead with whatever they depend on."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.access import DEFAULT_TENANT, Permission, Principal, Role
from chalicelib.domain.errors import (
    AlreadyLinked,
    InvitationExpired,
    InvitationNotFound,
    InvitationOpened,
    InvitationOver,
    InvitationRevoked,
    InvitationUsed,
    ResultGone,
    SessionDisabled,
    SessionNotFound,
    TooManyInvitations,
    Unauthenticated,
)
from chalicelib.domain.events import Connected, PairSuccess
from chalicelib.domain.invitations import GRACE, LASTS, MOST_OPEN, InvitationState
from chalicelib.domain.session import Desired, Session, Status
from chalicelib.services.accounts.invitations import Company, Shown
from tests.composition import Rig
from tests.makers import DEVICE, a_code, a_running_session, a_session

SHOP = Company("Shop", "#0a7c6b")


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", DEFAULT_TENANT)
    rig.tenants.create("acme", "Acme & Co", admin="cleo", password="password")
    rig.users.register("acme", "bo", "password", Role.MEMBER)
    scanning(rig)
    return rig


def scanning(rig: Rig, **fields: object) -> Session:
    """A session of Acme's that shows a code."""
    session = a_running_session(**({"tenant": "acme", "status": Status.SCAN_QR, "qr": a_code()} | fields))
    rig.stores.sessions.rows[session.uid] = session
    return session


def bo(rig: Rig) -> Principal:
    return rig.accounts.authenticate(rig.accounts.login("bo", "password", address="127.0.0.1").token)


def bo_s_key(rig: Rig, lasts: int | None = None) -> Principal:
    return rig.api_keys.authenticate(rig.api_keys.create("bo", session=None, lasts=lasts)[1])


def invited(rig: Rig, maker: Principal | None = None, company: Company = SHOP) -> tuple[Shown, str]:
    return rig.invitations.create(maker or bo(rig), "ana", company=company, language="pt")


def opened(rig: Rig, maker: Principal | None = None) -> str:
    """The token of an invitation that was just opened."""
    return rig.invitations.exchange(invited(rig, maker)[1])[1]


def link(rig: Rig) -> None:
    """The session is linked, and connects."""
    [session] = rig.stores.sessions.rows.values()
    for event in (PairSuccess(DEVICE), Connected(DEVICE)):
        rig.reports.report(event, uid=session.uid, worker=session.worker or "", epoch=session.epoch)


def test_an_invitation_is_good_for_fifteen_minutes(rig: Rig) -> None:
    shown, _ = invited(rig)
    assert shown.invitation.expires_at == rig.clock.now + LASTS == rig.clock.now + 15 * 60_000
    assert shown.state is InvitationState.OPEN


def test_it_says_who_invites(rig: Rig) -> None:
    shown, _ = invited(rig)
    assert (shown.invitation.company, shown.invitation.colour, shown.invitation.language) == ("Shop", "#0a7c6b", "pt")


def test_that_is_the_tenant_where_nobody_else_is_named(rig: Rig) -> None:
    assert invited(rig, company=Company())[0].invitation.company == "Acme & Co"


def test_nothing_kept_or_shown_has_the_secrets_in_it(rig: Rig) -> None:
    shown, secret = invited(rig)
    exchanged, token = rig.invitations.exchange(secret)
    kept = f"{rig.stores.invitations.rows} {shown} {exchanged} {rig.invitations.authenticate(token)}"
    for one in (secret, token):
        assert one not in kept
        assert one.rpartition(".")[2] not in kept


def test_two_invitations_are_two_secrets(rig: Rig) -> None:
    assert invited(rig)[1] != invited(rig)[1]


@pytest.mark.parametrize(
    "session",
    [
        a_running_session(tenant="acme", device=DEVICE),
        a_running_session(tenant="acme", status=Status.PAIRING, device=DEVICE),
        a_running_session(tenant="acme", status=Status.DISCONNECTED, device=DEVICE),
        a_session(tenant="acme", status=Status.STOPPED, device=DEVICE),
    ],
    ids=lambda session: session.status,
)
def test_nobody_is_invited_to_link_what_is_linked(rig: Rig, session: Session) -> None:
    rig.stores.sessions.rows[session.uid] = session
    with pytest.raises(AlreadyLinked):
        invited(rig)
    assert not rig.stores.invitations.rows
    assert rig.stores.sessions.rows[session.uid] == session


def test_a_session_that_rests_is_started_for_who_is_invited(rig: Rig) -> None:
    session = scanning(rig, status=Status.STOPPED, desired=Desired.STOPPED, observed_generation=1, qr=None)
    shown, _ = invited(rig)
    assert shown.session.desired is Desired.RUNNING
    assert rig.stores.sessions.rows[session.uid].desired is Desired.RUNNING


def test_nobody_is_invited_to_a_session_that_is_switched_off(rig: Rig) -> None:
    scanning(rig, enabled=False)
    with pytest.raises(SessionDisabled):
        invited(rig)
    assert not rig.stores.invitations.rows


def test_another_tenant_s_session_is_not_there(rig: Rig) -> None:
    admin = rig.accounts.authenticate(rig.accounts.login("admin", "admin123", address="127.0.0.1").token)
    with pytest.raises(SessionNotFound):
        invited(rig, admin)
    with pytest.raises(SessionNotFound):
        rig.invitations.page(DEFAULT_TENANT, "ana", limit=10, after=None)
    with pytest.raises(SessionNotFound):
        rig.invitations.revoke(DEFAULT_TENANT, "ana", invited(rig)[0].invitation.id)


def test_a_session_has_so_many_invitations_that_are_good_and_no_more(rig: Rig) -> None:
    first, _ = invited(rig)
    for _ in range(MOST_OPEN - 1):
        invited(rig)
    with pytest.raises(TooManyInvitations):
        invited(rig)
    assert len(rig.stores.invitations.rows) == MOST_OPEN
    rig.invitations.revoke("acme", "ana", first.invitation.id)
    invited(rig)


def test_a_request_that_is_repeated_makes_one_invitation_with_one_secret(rig: Rig) -> None:
    def once() -> tuple[Shown, str]:
        made = rig.reservations.reserve("acme", "bo k", request=b"the same")
        found = rig.invitations.create(bo(rig), "ana", company=SHOP, language=None, made=made)
        rig.reservations.fulfil("acme", "bo k", made)
        return found

    first, again = once(), once()
    assert (first[0].invitation, first[1]) == (again[0].invitation, again[1])
    rig.stores.invitations.remove(first[0].invitation)
    with pytest.raises(ResultGone):
        once()


# ---- the exchange ----


def test_the_secret_is_exchanged_for_a_token_that_links_this_session_alone(rig: Rig) -> None:
    shown, secret = invited(rig)
    exchanged, token = rig.invitations.exchange(secret)
    holder = rig.invitations.authenticate(token)
    assert exchanged.state is InvitationState.OPENED
    assert (holder.tenant, holder.session, holder.expires_at) == ("acme", "ana", shown.invitation.expires_at)
    assert holder.may(Permission.LINKING_ACT)
    assert not holder.may(Permission.SESSIONS_READ)
    assert "bo" not in holder.name


def test_a_second_exchange_is_refused_and_the_first_token_goes_on(rig: Rig) -> None:
    _, secret = invited(rig)
    _, token = rig.invitations.exchange(secret)
    with pytest.raises(InvitationOpened):
        rig.invitations.exchange(secret)
    assert rig.invitations.authenticate(token).session == "ana"


def test_of_two_who_open_it_at_once_one_is_told_that_it_was_opened(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = invited(rig)
    open_, first = rig.stores.invitations.open, []

    def overtaken(*args: object, **named: object) -> bool:
        monkeypatch.setattr(rig.stores.invitations, "open", open_)
        first.append(rig.invitations.exchange(secret)[1])
        return open_(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.stores.invitations, "open", overtaken)
    with pytest.raises(InvitationOpened):
        rig.invitations.exchange(secret)
    assert rig.invitations.authenticate(first[0])


def expire(rig: Rig) -> None:
    rig.clock.now += LASTS


def revoke(rig: Rig) -> None:
    [one] = rig.stores.invitations.rows.values()
    rig.invitations.revoke("acme", "ana", one.id)


def link_long_ago(rig: Rig) -> None:
    link(rig)
    rig.clock.now += GRACE


def remove(rig: Rig) -> None:
    rig.stores.sessions.rows.clear()


def create_another(rig: Rig) -> None:
    rig.stores.sessions.rows.clear()
    scanning(rig, uid="01JAVA0000000000000000000B")


def another_bo(rig: Rig) -> None:
    rig.users.remove("acme", "bo")
    rig.clock.now += 1
    rig.users.register("acme", "bo", "password", Role.MEMBER)


ENDS: dict[str, tuple[Callable[[Rig], object], type[InvitationOver]]] = {
    "its time is over": (expire, InvitationExpired),
    "revoked": (revoke, InvitationRevoked),
    "the session linked": (link_long_ago, InvitationUsed),
    "the session removed": (remove, InvitationRevoked),
    "another session of that id": (create_another, InvitationRevoked),
    "the session being deleted": (lambda rig: rig.sessions.delete("acme", "ana"), InvitationRevoked),
    "its maker disabled": (lambda rig: rig.users.change("acme", "bo", disabled=True), InvitationRevoked),
    "its maker removed": (lambda rig: rig.users.remove("acme", "bo"), InvitationRevoked),
    "another user of that name": (another_bo, InvitationRevoked),
    "its maker may only read": (lambda rig: rig.users.change("acme", "bo", role=Role.READ_ONLY), InvitationRevoked),
    "its tenant disabled": (lambda rig: rig.tenants.change("acme", disabled=True), InvitationRevoked),
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_comes_of_the_secret_any_more(rig: Rig, end: str) -> None:
    _, secret = invited(rig)
    act, why = ENDS[end]
    act(rig)
    with pytest.raises(why):
        rig.invitations.exchange(secret)


@pytest.mark.parametrize("end", ENDS)
def test_nor_of_the_token(rig: Rig, end: str) -> None:
    token = opened(rig)
    holder = rig.invitations.authenticate(token)
    ENDS[end][0](rig)
    with pytest.raises(Unauthenticated):
        rig.invitations.authenticate(token)
    with pytest.raises(Unauthenticated):
        rig.invitations.standing(holder)


KEY_ENDS: dict[str, Callable[[Rig, Principal], object]] = {
    "revoked": lambda rig, key: rig.api_keys.revoke("acme", key.key or ""),
    "its owner disabled": lambda rig, _: rig.users.change("acme", "bo", disabled=True),
    "its owner may only read": lambda rig, _: rig.users.change("acme", "bo", role=Role.READ_ONLY),
    "its tenant disabled": lambda rig, _: rig.tenants.change("acme", disabled=True),
}


@pytest.mark.parametrize("end", KEY_ENDS)
def test_what_a_key_made_ends_with_the_key(rig: Rig, end: str) -> None:
    key = bo_s_key(rig)
    token, (_, secret) = opened(rig, key), invited(rig, key)
    assert rig.invitations.authenticate(token)
    KEY_ENDS[end](rig, key)
    with pytest.raises(Unauthenticated):
        rig.invitations.authenticate(token)
    with pytest.raises(InvitationRevoked):
        rig.invitations.exchange(secret)


def test_what_a_key_made_ends_when_the_key_does(rig: Rig) -> None:
    assert invited(rig, bo_s_key(rig, lasts=1000))[0].invitation.expires_at == rig.clock.now + 1000


def test_the_maker_s_logout_and_new_password_are_no_end_as_for_keys(rig: Rig) -> None:
    token = opened(rig)
    rig.accounts.log_out(bo(rig))
    rig.accounts.change_password("bo", "password", "another one", address="127.0.0.1")
    assert rig.invitations.authenticate(token)


def test_for_a_moment_the_token_still_says_that_the_session_is_linked(rig: Rig) -> None:
    token = opened(rig)
    link(rig)
    holder = rig.invitations.authenticate(token)
    assert holder.may(Permission.LINKING_FOLLOW)
    assert not holder.may(Permission.LINKING_ACT)
    rig.clock.now += GRACE
    with pytest.raises(Unauthenticated):
        rig.invitations.authenticate(token)


def test_a_session_that_is_unlinked_again_does_not_bring_the_token_back(rig: Rig) -> None:
    token = opened(rig)
    link(rig)
    [session] = rig.stores.sessions.rows.values()
    rig.clock.now += GRACE
    unlinked = replace(session, device=None, connected_at=None, status=Status.SCAN_QR, qr=a_code())
    rig.stores.sessions.rows[session.uid] = unlinked
    with pytest.raises(Unauthenticated):
        rig.invitations.authenticate(token)


def test_a_session_that_was_linked_before_can_be_linked_again_by_invitation(rig: Rig) -> None:
    scanning(rig, linked_at=rig.clock.now - 1)
    assert rig.invitations.authenticate(opened(rig))


@pytest.mark.parametrize("bad", ["", "inv_", "lnk_", "admin", "inv_01K.01K." + "x" * 43])
def test_an_unknown_secret_is_not_found(rig: Rig, bad: str) -> None:
    invited(rig)
    with pytest.raises(InvitationNotFound):
        rig.invitations.exchange(bad)
    with pytest.raises(Unauthenticated):
        rig.invitations.authenticate(bad)


def test_who_knows_the_ids_alone_can_neither_open_it_nor_call_with_it(rig: Rig) -> None:
    _, secret = invited(rig)
    guess = secret[:-43] + "x" * 43
    with pytest.raises(InvitationNotFound):
        rig.invitations.exchange(guess)
    rig.invitations.exchange(secret)
    for token in (guess.replace("inv_", "lnk_"), secret.replace("inv_", "lnk_"), secret):
        with pytest.raises(Unauthenticated):
            rig.invitations.authenticate(token)


def test_a_holder_whose_invitation_is_forgotten_is_nobody(rig: Rig) -> None:
    holder = rig.invitations.authenticate(opened(rig))
    rig.stores.invitations.rows.clear()
    with pytest.raises(Unauthenticated):
        rig.invitations.standing(holder)


# ---- the list, and taking one back ----


def test_the_list_says_how_each_stands(rig: Rig) -> None:
    shown = [invited(rig) for _ in range(3)]
    rig.invitations.exchange(shown[1][1])
    rig.invitations.revoke("acme", "ana", shown[2][0].invitation.id)
    found, more = rig.invitations.page("acme", "ana", limit=10, after=None)
    assert [str(one.state) for one in found] == ["open", "opened", "revoked"]
    assert more is None
    link(rig)
    assert [str(one.state) for one in rig.invitations.page("acme", "ana", limit=10, after=None)[0]] == [
        "used",
        "used",
        "revoked",
    ]


def test_one_is_revoked_once_and_one_that_is_over_stays_as_it_ended(rig: Rig) -> None:
    shown, _ = invited(rig)
    for _ in range(2):
        assert rig.invitations.revoke("acme", "ana", shown.invitation.id).state is InvitationState.REVOKED
    shown, _ = invited(rig)
    expire(rig)
    assert rig.invitations.revoke("acme", "ana", shown.invitation.id).state is InvitationState.EXPIRED


def test_another_session_s_invitation_is_not_there(rig: Rig) -> None:
    shown, _ = invited(rig)
    scanning(rig, id="bob", uid="01JAVA0000000000000000000B")
    with pytest.raises(InvitationNotFound):
        rig.invitations.revoke("acme", "bob", shown.invitation.id)
    assert rig.invitations.page("acme", "bob", limit=10, after=None) == ([], None)


# ---- what ends a holder's WebSockets ----


def watching(rig: Rig, principal: Principal, watcher: str = "w1") -> None:
    rig.subscriptions.connect(watcher, principal, dialect="native")


CLOSED_BY = {
    "revoked": revoke,
    "its maker disabled": ENDS["its maker disabled"][0],
    "its maker removed": ENDS["its maker removed"][0],
    "its maker may only read": ENDS["its maker may only read"][0],
    "its tenant disabled": ENDS["its tenant disabled"][0],
}


@pytest.mark.parametrize("end", CLOSED_BY)
def test_a_holder_s_websockets_are_closed_with_the_token(rig: Rig, end: str) -> None:
    watching(rig, rig.invitations.authenticate(opened(rig)))
    CLOSED_BY[end](rig)
    assert rig.sockets.closed == ["w1"]
    assert not rig.stores.watchers.rows


def test_so_are_those_of_an_invitation_that_a_key_made(rig: Rig) -> None:
    key = bo_s_key(rig)
    watching(rig, rig.invitations.authenticate(opened(rig, key)))
    rig.api_keys.revoke("acme", key.key or "")
    assert rig.sockets.closed == ["w1"]


def test_revoking_one_closes_nobody_else_s(rig: Rig) -> None:
    key = bo_s_key(rig)
    token = opened(rig, key)
    other = opened(rig, key)
    for watcher, principal in {
        "holder": rig.invitations.authenticate(token),
        "another holder": rig.invitations.authenticate(other),
        "key": key,
        "bo": bo(rig),
    }.items():
        watching(rig, principal, watcher)
    rig.invitations.revoke("acme", "ana", rig.invitations.authenticate(token).token or "")
    assert rig.sockets.closed == ["holder"]


def test_a_ticket_is_the_holder_s_who_asked_for_it(rig: Rig) -> None:
    holder = rig.invitations.authenticate(opened(rig))
    secret, ends = rig.tickets.give(holder, session="ana")
    assert ends <= (holder.expires_at or 0)
    taken = rig.tickets.take(secret)
    assert rig.tickets.standing(taken) == holder
    revoke(rig)
    with pytest.raises(Unauthenticated):
        rig.tickets.standing(taken)
