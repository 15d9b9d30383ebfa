"""References recognise themselves."""

from hypothesis import given
from hypothesis import strategies as st

from infra.whatsapp_server.codes import References


def test_a_server_knows_its_own_references_and_no_others() -> None:
    ours, theirs = References(b"ours"), References(b"theirs")
    reference = ours.issue()
    assert ours.issued(reference)
    assert not theirs.issued(reference)
    assert ours.issue() != reference


def test_a_reference_holds_no_comma() -> None:
    assert "," not in References(b"key").issue()


@given(st.text(max_size=200))
def test_any_other_text_is_none(text: str) -> None:
    assert not References(b"key").issued(text)
