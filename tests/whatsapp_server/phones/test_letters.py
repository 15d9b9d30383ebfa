"""What phones keep of their chats."""

import pytest

from infra.whatsapp_server.phones.letters import Letter, Letters, LetterState
from infra.whatsapp_server.storage import Database

ANA, BO = "628111", "628222"


@pytest.fixture
def letters(database: Database) -> Letters:
    return Letters(database)


def letter(name: str, *, outgoing: bool = True, text: str | None = "halo") -> Letter:
    return Letter(name, outgoing, BO, 0, text, 1_795_000_000_000, LetterState.SENT)


def test_letters_are_kept_in_order_for_each_phone(letters: Letters) -> None:
    kept = [letter("b"), letter("a", outgoing=False), letter("c", text=None)]
    assert [letters.add(ANA, one) for one in kept] == [True] * 3
    assert letters.of(ANA) == kept
    assert letters.of(BO) == []


def test_a_letter_that_comes_again_is_kept_once(letters: Letters) -> None:
    letters.add(ANA, letter("a", outgoing=False))
    assert not letters.add(ANA, letter("a", outgoing=False, text="another"))
    assert [one.text for one in letters.of(ANA)] == ["halo"]


def test_a_letters_state_never_goes_back(letters: Letters) -> None:
    letters.add(ANA, letter("a"))
    letters.add(ANA, letter("a", outgoing=False))
    for state in (LetterState.READ, LetterState.DELIVERED):
        letters.advance(ANA, "a", state, outgoing=True)
    assert [one.state for one in letters.of(ANA)] == [LetterState.READ, LetterState.SENT]


def test_what_came_in_is_unread_until_it_is_read(letters: Letters) -> None:
    letters.add(ANA, letter("out"))
    letters.add(ANA, letter("in", outgoing=False))
    assert [one.id for one in letters.unread(ANA)] == ["in"]
    letters.advance(ANA, "in", LetterState.READ, outgoing=False)
    assert letters.unread(ANA) == []


def test_what_was_sent_is_found_by_its_id(letters: Letters) -> None:
    letters.add(ANA, letter("a"))
    letters.add(ANA, letter("in", outgoing=False))
    assert letters.sent(ANA, "a") == letter("a")
    assert (letters.sent(ANA, "in"), letters.sent(BO, "a")) == (None, None)


def test_a_text_isnt_shown_by_accident() -> None:
    assert "halo" not in repr(letter("a"))
