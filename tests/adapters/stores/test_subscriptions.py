"""Subscriptions, in the table and in memory."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.watchers import ALL, DRAINING, LIFETIME, Subscription, Watcher, subscribed, subscribed_to_all
from chalicelib.services.ports.watching import Busy
from tests.makers import NOW, a_running_session

WATCHER = Watcher("c1", "default", "", "native", "admin", NOW, NOW + LIFETIME, codes=True, only="ana")
HERE = ("c1", "default", "ana")


def a_subscription(**fields: Any) -> Subscription:
    made = subscribed(WATCHER, a_running_session(), sent="c1", types=("message.*",), now=NOW)
    return replace(made, **fields)


@pytest.fixture
def held(stores: Any) -> Subscription:
    """A subscription under its maker's claim."""
    stores.watchers.add(WATCHER)
    held = a_subscription()
    stores.subscriptions.put(held)
    return held


def test_a_connection_without_subscriptions_follows_nothing(stores: Any) -> None:
    stores.watchers.add(WATCHER)
    assert stores.watchers.get("c1") == WATCHER
    assert list(stores.watchers.following("default", "")) == []


def test_a_subscription_is_among_the_session_s_watchers_and_counted(stores: Any, held: Subscription) -> None:
    (follower,) = stores.watchers.following("default", "ana")
    assert (follower.id, follower.dialect, follower.codes, follower.only) == ("c1", "native", True, "ana")
    assert list(stores.subscriptions.sessions("c1")) == ["ana"]
    assert stores.watchers.count_of_session("default", "ana", now=NOW) == 1
    assert stores.watchers.count_of_tenant("default", now=NOW) == 1


def test_it_is_claimed_once_at_a_time(stores: Any, held: Subscription) -> None:
    with pytest.raises(Busy) as busy:
        stores.subscriptions.claim(*HERE, now=NOW + 1)
    assert busy.value.first
    with pytest.raises(Busy) as busy:
        stores.subscriptions.claim(*HERE, now=NOW + 2)
    assert not busy.value.first


def test_a_claim_to_which_word_was_left_stays_until_it_was_looked_at(stores: Any, held: Subscription) -> None:
    with pytest.raises(Busy):
        stores.subscriptions.claim(*HERE, now=NOW)
    further = replace(held, sent="c2")
    assert not stores.subscriptions.give_back(further)
    assert stores.subscriptions.give_back(further)
    claimed = stores.subscriptions.claim(*HERE, now=NOW + 5)
    assert claimed == replace(further, busy_until=NOW + 5 + DRAINING)


def test_how_far_it_is_is_noted_under_the_claim(stores: Any, held: Subscription) -> None:
    assert stores.subscriptions.progress(replace(held, sent="c7"))
    later = NOW + DRAINING + 1
    claimed = stores.subscriptions.claim(*HERE, now=later)
    assert (claimed.sent, claimed.types) == ("c7", ("message.*",))
    # The first claim is over: whoever had it writes nothing any more.
    assert not stores.subscriptions.progress(replace(held, sent="c9"))
    assert stores.subscriptions.give_back(replace(held, sent="c9"))
    assert stores.subscriptions.give_back(claimed)
    assert stores.subscriptions.claim(*HERE, now=later).sent == "c7"


def test_a_newer_one_takes_its_place(stores: Any, held: Subscription) -> None:
    stores.subscriptions.put(a_subscription(sent="c5", types=(), busy_until=NOW - 1))
    assert stores.subscriptions.claim(*HERE, now=NOW).sent == "c5"
    assert list(stores.subscriptions.sessions("c1")) == ["ana"]


def test_one_that_is_removed_is_nowhere_any_more(stores: Any, held: Subscription) -> None:
    for _ in range(2):
        stores.subscriptions.remove(*HERE)
    assert list(stores.watchers.following("default", "ana")) == []
    assert list(stores.subscriptions.sessions("c1")) == []
    assert stores.subscriptions.claim(*HERE, now=NOW) is None
    assert not stores.subscriptions.progress(held)


def test_a_connection_s_end_is_that_of_its_subscriptions(stores: Any, held: Subscription) -> None:
    stores.subscriptions.put(replace(held, session="ben", uid="uid-ben"))
    stores.watchers.remove("c1")
    assert list(stores.watchers.following("default", "ana")) == list(stores.watchers.following("default", "ben")) == []
    assert list(stores.subscriptions.sessions("c1")) == []
    assert stores.watchers.get("c1") is None
    assert list(stores.watchers.of("admin")) == []


def test_one_to_all_sessions_has_a_place_of_its_own_and_goes_with_its_connection(stores: Any) -> None:
    stores.watchers.add(replace(WATCHER, only=None))
    for_all = subscribed_to_all(replace(WATCHER, only=None), types=("session.*",))
    stores.subscriptions.put(for_all)
    assert list(stores.watchers.following("default", ALL)) == [for_all]
    assert list(stores.watchers.following("default", "ana")) == list(stores.watchers.following("other", ALL)) == []
    assert stores.watchers.count_of_session("default", ALL, now=NOW) == 1
    stores.watchers.remove("c1")
    assert list(stores.watchers.following("default", ALL)) == list(stores.subscriptions.sessions("c1")) == []


def test_whoever_sends_without_a_claim_notes_it_only_if_nobody_else_has(stores: Any, held: Subscription) -> None:
    def stands() -> Any:
        return stores.watchers.following("default", "ana")[0]

    assert not stores.subscriptions.advance(replace(held, busy_until=0), "c2")
    assert stands() == held, "it is claimed"
    assert stores.subscriptions.give_back(held)
    free = stands()
    assert stores.subscriptions.advance(free, "c2")
    assert stands() == replace(free, sent="c2")
    assert not stores.subscriptions.advance(free, "c3")
    assert stands().sent == "c2", "it is further than it was read"
    stores.subscriptions.remove(*HERE)
    assert not stores.subscriptions.advance(free, "c2")
    assert list(stores.watchers.following("default", "ana")) == []
