"""Sessions between two parties: order, loss, repetition, both beginning at once."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.whatsapp_server.signal.messages import OfferingMessage, Repeated, SealedMessage, Undecryptable
from infra.whatsapp_server.signal.session import Session
from tests.whatsapp_server.signal.parties import Party

moves = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 1)),
        st.tuples(st.sampled_from(["hear", "lose", "again"]), st.integers(0, 60)),
        st.tuples(st.just("begin"), st.integers(0, 1)),
    ),
    max_size=60,
)


def introduced(*, prekey: int | None = 7) -> tuple[Party, Party]:
    ana, bo = Party(), Party()
    ana.begin(bo, prekey=prekey)
    return ana, bo


@settings(max_examples=60, deadline=None)
@given(moves, st.sampled_from([7, None]))
def test_whatever_arrives_is_what_was_said(plan: list[tuple[str, int]], prekey: int | None) -> None:
    """In any order, either way, with losses, repetitions and sessions begun anew by either side at any time."""
    parties = introduced(prekey=prekey)
    parties[1].begin(parties[0])
    air: list[tuple[int, bytes, tuple[bool, bytes]]] = []
    heard: list[tuple[int, bytes, tuple[bool, bytes]]] = []
    for count, (act, number) in enumerate(plan):
        if act == "say":
            text = b"message %d" % count
            air.append((1 - number, text, parties[number].say(text)))
        elif act == "begin":
            parties[number].begin(parties[1 - number])
        elif act == "again" and heard:
            listener, _, sent = heard[number % len(heard)]
            before = parties[listener].session
            with pytest.raises(Repeated):
                parties[listener].hear(sent)
            assert parties[listener].session == before
        elif air:
            listener, text, sent = air.pop(number % len(air))
            if act == "hear":
                assert parties[listener].hear(sent) == text
                heard.append((listener, text, sent))


def test_the_offer_goes_along_until_the_other_side_answers() -> None:
    ana, bo = introduced()
    first, second = ana.say(b"one"), ana.say(b"two")
    assert (first[0], second[0]) == (True, True)
    assert (bo.hear(second), bo.hear(first)) == (b"two", b"one")
    assert ana.hear(bo.say(b"yes")) == b"yes"
    assert ana.say(b"three")[0] is False


def test_an_offer_repeated_begins_one_session() -> None:
    ana, bo = introduced()
    for text in (b"one", b"two"):
        bo.hear(ana.say(text))
    assert len(bo.session.states) == 1


def test_an_answer_turns_the_ratchet() -> None:
    ana, bo = introduced()
    bo.hear(ana.say(b"one"))
    before = ana.session.states[0].sending.key
    ana.hear(bo.say(b"two"))
    assert ana.session.states[0].sending.key != before


def test_a_message_of_another_session_doesnt_open_and_changes_nothing() -> None:
    ana, bo = introduced()
    bo.hear(ana.say(b"one"))
    ana.hear(bo.say(b"two"))
    stranger, other = introduced()
    other.hear(stranger.say(b"one"))
    stranger.hear(other.say(b"two"))
    before = bo.session
    with pytest.raises(Undecryptable):
        bo.hear(stranger.say(b"three"))
    assert bo.session == before
    assert bo.hear(ana.say(b"four")) == b"four"


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_changed_message_doesnt_open(data: st.DataObject) -> None:
    ana, bo = introduced()
    bo.hear(ana.say(b"one"))
    ana.hear(bo.say(b"two"))
    _, sealed = ana.say(b"three")
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Undecryptable):
        bo.hear((False, bytes(changed)))


def test_without_a_session_nothing_opens() -> None:
    ana, bo = introduced()
    bo.hear(ana.say(b"one"))
    bo.session = Session()
    bo.begin(ana)
    ana.hear(bo.say(b"two"))
    with pytest.raises(Undecryptable):
        Party().hear(ana.say(b"three"))


def test_an_offer_for_keys_that_never_were_is_refused() -> None:
    ana, bo = introduced()
    _, data = ana.say(b"one")
    message = OfferingMessage.decode(data)
    for wrong in (replace(message, prekey=1000), replace(message, signed_prekey=1000)):
        with pytest.raises(Undecryptable):
            bo.hear((True, wrong.encode()))


def test_a_bundle_that_its_identity_didnt_sign_begins_nothing() -> None:
    ana, bo = introduced()
    with pytest.raises(Undecryptable):
        ana.session.begun(ana.owner, replace(bo.bundle(None), signature=bytes(64)))


def test_a_message_too_far_ahead_is_refused() -> None:
    ana, bo = introduced()
    bo.hear(ana.say(b"one"))
    for _ in range(2001):
        late = ana.say(b"lost")
    with pytest.raises(Undecryptable):
        bo.hear(ana.say(b"too far"))
    assert bo.hear(late) == b"lost"


@given(st.binary(max_size=200))
def test_garbage_is_a_message_or_refused(data: bytes) -> None:
    for kind in (SealedMessage, OfferingMessage):
        with suppress(Undecryptable):  # a few bytes may by chance have the form of a message
            kind.decode(data)
