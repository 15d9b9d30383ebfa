"""Invitations: how one stands at any moment, and the form of its secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.access import (
    GRANTS,
    HOLDER,
    HOLDER_WHEN_LINKED,
    KEY_PREFIX,
    TICKET_PREFIX,
    Permission,
    Principal,
    Role,
)
from chalicelib.domain.invitations import (
    GRACE,
    LASTS,
    Invitation,
    InvitationState,
    hashed,
    is_linking_token,
    named_by,
    secret_of,
    token_of,
)
from tests.makers import NOW, a_session

MADE = NOW
ENTROPY = bytes(range(32))
SECRET, TOKEN = secret_of("01KUID", "01KINV", ENTROPY), token_of("01KUID", "01KINV", ENTROPY)


def an_invitation(**fields: object) -> Invitation:
    values: dict[str, object] = {
        "id": "01KINV",
        "uid": "01KUID",
        "tenant": "default",
        "session": "ana",
        "created_at": MADE,
        "expires_at": MADE + LASTS,
        "maker": "admin",
        "company": "Shop",
        "secret_hash": hashed(SECRET),
    }
    return Invitation(**(values | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "linked_at", "after", "state"),
    [
        ({}, None, 0, "open"),
        ({}, None, LASTS - 1, "open"),
        ({}, None, LASTS, "expired"),
        ({"opened_at": MADE + 5}, None, 10, "opened"),
        ({"opened_at": MADE + 5}, None, LASTS, "expired"),
        ({"opened_at": MADE + 5}, MADE + 9, 10, "used"),
        ({"opened_at": MADE + 5}, MADE + 9, 2 * LASTS, "used"),
        ({"opened_at": MADE + 5, "revoked_at": MADE + 8}, MADE + 9, 10, "revoked"),
        ({"opened_at": MADE + 5, "revoked_at": MADE + 10}, MADE + 9, 10, "used"),
        ({"revoked_at": MADE + 8}, None, 2 * LASTS, "revoked"),
        ({}, MADE + 9, 10, "used"),
    ],
)
def test_it_says_what_ended_it_first(fields: dict[str, int], linked_at: int | None, after: int, state: str) -> None:
    assert an_invitation(**fields).state(a_session(linked_at=linked_at), MADE + after) == state


def test_what_was_linked_before_it_was_made_does_not_end_it() -> None:
    assert an_invitation().state(a_session(linked_at=MADE - 1), MADE + 1) is InvitationState.OPEN


@given(
    st.none() | st.integers(0, 2 * LASTS),
    st.none() | st.integers(0, 2 * LASTS),
    st.none() | st.integers(0, 2 * LASTS),
    st.integers(0, 2 * LASTS),
    st.integers(0, 2 * LASTS),
)
def test_one_that_is_over_stays_as_it_ended(
    opened: int | None, revoked: int | None, linked: int | None, first: int, later: int
) -> None:
    at = [None if one is None else MADE + one for one in (opened, revoked, linked)]
    invitation, session = an_invitation(opened_at=at[0], revoked_at=at[1]), a_session(linked_at=at[2])
    states = [invitation.state(session, MADE + moment) for moment in sorted((first, later))]
    assert states[0] in {InvitationState.OPEN, InvitationState.OPENED} or states[0] is states[1]


def test_the_holder_learns_for_a_moment_that_the_session_is_linked() -> None:
    used = an_invitation(opened_at=MADE + 5)
    session = a_session(linked_at=MADE + 10)
    assert [used.just_used(session, MADE + at) for at in (9, 10, 9 + GRACE, 10 + GRACE)] == [False, True, True, False]


def test_that_moment_ends_with_the_invitation_s_time() -> None:
    session = a_session(linked_at=MADE + LASTS - 10)
    assert an_invitation().just_used(session, MADE + LASTS - 1)
    assert not an_invitation().just_used(session, MADE + LASTS)


def test_secret_and_token_say_which_invitation_they_are_of() -> None:
    assert named_by(SECRET) == named_by(TOKEN) == ("01KUID", "01KINV")


@pytest.mark.parametrize(
    "bad", ["", "inv_", "inv_a.b", SECRET[:-1], SECRET + "x", SECRET.replace(".", ""), "x" + SECRET]
)
def test_what_can_be_neither_names_none(bad: str) -> None:
    assert named_by(bad) is None


def test_the_one_is_not_the_other() -> None:
    invitation = an_invitation(token_hash=hashed(TOKEN))
    assert invitation.is_secret(SECRET)
    assert invitation.is_token(TOKEN)
    assert not invitation.is_secret(TOKEN)
    assert not invitation.is_token(SECRET)
    assert not an_invitation().is_token(TOKEN)


def test_no_other_credential_looks_like_a_token() -> None:
    assert is_linking_token(TOKEN)
    assert not any(is_linking_token(other) for other in (SECRET, KEY_PREFIX, TICKET_PREFIX, "eyJhbGciOi"))


def test_what_is_shown_of_an_invitation_has_no_hash() -> None:
    shown = str(an_invitation(token_hash=hashed(TOKEN), key="a key's hash"))
    assert hashed(SECRET) not in shown
    assert hashed(TOKEN) not in shown
    assert "a key's hash" not in shown


def test_a_holder_may_link_and_nothing_else() -> None:
    holder = Principal("invitation:01KINV", "default", Role.ADMIN, linking="01KUID", maker="admin")
    assert {permission for permission in Permission if holder.may(permission)} == HOLDER
    assert HOLDER_WHEN_LINKED < HOLDER < GRANTS[Role.MEMBER]


def test_once_it_is_linked_a_holder_may_look_and_nothing_else() -> None:
    holder = Principal("invitation:01KINV", "default", Role.ADMIN, linking="01KUID", maker="admin", linked=True)
    assert {permission for permission in Permission if holder.may(permission)} == HOLDER_WHEN_LINKED
