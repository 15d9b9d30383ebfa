"""What failed logins are counted by, and whom the counts hold for."""

import pytest

from chalicelib.domain.access import (
    KNOWN,
    MOST_BY_ADDRESS,
    MOST_BY_NETWORK,
    MOST_BY_PAIR,
    MOST_BY_USER,
    NEWS,
    Failures,
    Source,
    source,
)
from chalicelib.domain.addresses import wider_network_of
from tests.makers import NOW

SECONDS = NOW // 1000


@pytest.mark.parametrize(
    ("address", "wider"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_the_larger_network_is_what_one_may_have_of_addresses(address: str, wider: str) -> None:
    assert wider_network_of(address) == wider


def test_a_source_has_the_name_as_it_is_and_networks_for_addresses() -> None:
    assert source("Ana", "2001:db8:1:2::9") == Source("Ana", "2001:db8:1:2::/64", "2001:db8:1::/48")


FULL = [
    Failures(by_pair=MOST_BY_PAIR),
    Failures(by_user=MOST_BY_USER),
    Failures(by_address=MOST_BY_ADDRESS),
    Failures(by_network=MOST_BY_NETWORK),
]


@pytest.mark.parametrize("failures", FULL)
def test_each_count_alone_closes_the_door(failures: Failures) -> None:
    assert failures.too_many(now=NOW)


def test_short_of_each_it_is_open() -> None:
    short = Failures(MOST_BY_PAIR - 1, MOST_BY_USER - 1, MOST_BY_ADDRESS - 1, MOST_BY_NETWORK - 1)
    assert not short.too_many(now=NOW)


@pytest.mark.parametrize("known", [True, False])
def test_where_the_user_is_known_or_proven_strangers_counts_do_not_hold(known: bool) -> None:
    until = SECONDS + 1 if known else 0
    pair = Failures(by_pair=MOST_BY_PAIR, known_until=until)
    others = Failures(MOST_BY_PAIR - 1, MOST_BY_USER, MOST_BY_ADDRESS, MOST_BY_NETWORK, known_until=until)
    assert pair.too_many(now=NOW, proven=not known)
    assert not others.too_many(now=NOW, proven=not known)


def test_who_shows_a_token_has_a_count_that_strangers_do_not_fill() -> None:
    assert Failures(by_bearer=MOST_BY_USER).too_many(now=NOW, proven=True)
    assert not Failures(by_bearer=MOST_BY_USER - 1, by_user=MOST_BY_USER).too_many(now=NOW, proven=True)
    assert not Failures(by_bearer=MOST_BY_USER).too_many(now=NOW)


def test_an_address_is_known_until_then_and_not_after() -> None:
    failures = Failures(by_user=MOST_BY_USER, known_until=SECONDS)
    assert failures.too_many(now=NOW)


def test_a_login_is_news_once_a_day() -> None:
    assert Failures().is_news(NOW)
    just_noted = Failures(known_until=SECONDS + KNOWN)
    assert not just_noted.is_news(NOW)
    assert not just_noted.is_news(NOW + (NEWS - 1) * 1000)
    assert just_noted.is_news(NOW + NEWS * 1000)
