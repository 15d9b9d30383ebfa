"""Which code a client shows when."""

from hypothesis import given
from hypothesis import strategies as st

from infra.whatsapp_server.codes import CodeOffer

SIX = [f"ref{n}" for n in range(6)]


def offered(*references: str, at: float = 0) -> CodeOffer:
    offer = CodeOffer()
    offer.add(references, at)
    return offer


def test_the_first_of_six_stays_a_minute_and_the_others_twenty_seconds() -> None:
    offer = offered(*SIX)
    shown = [offer.current(at) for at in (0, 59.9, 60, 79.9, 80, 100, 120, 140, 159.9, 160)]
    assert shown == ["ref0", "ref0", "ref1", "ref1", "ref2", "ref3", "ref4", "ref5", "ref5", None]


def test_a_shorter_list_gives_each_code_twenty_seconds() -> None:
    offer = offered("a", "b")
    assert [offer.current(at) for at in (0, 19.9, 20, 39.9, 40)] == ["a", "a", "b", "b", None]


def test_a_further_list_is_shown_at_once_and_the_first_goes_on_beside_it() -> None:
    offer = offered("a", "b", "c")
    offer.add(["x", "y", "z"], 5)
    assert [offer.current(at) for at in (4, 5, 20, 25, 40, 45, 60)] == ["a", "x", "b", "y", "c", "z", None]


def test_a_used_code_serves_nobody() -> None:
    offer = offered("a", "b")
    offer.used.add("a")
    assert [offer.current(at) for at in (0, 20)] == [None, "b"]


def test_nothing_offered_is_nothing_shown() -> None:
    assert CodeOffer().current(0) is None


@given(st.integers(1, 12), st.floats(0, 400))
def test_a_code_is_always_one_of_the_list_until_it_ends(count: int, at: float) -> None:
    references = [str(n) for n in range(count)]
    offer = offered(*references)
    end = 20 * count + (40 if count >= 6 else 0)
    assert (offer.current(at) in references) == (at < end)
