"""docs/messages.md is what the code, and the tests of it, make of it."""

from tests.docs.types_page import PAGE, page


def test_the_page_is_what_the_code_makes() -> None:
    assert PAGE.read_text() == page()
