"""What a message says, and how it is stored."""

from typing import Any, cast, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from chalicelib.domain.content import (
    TYPES,
    ContactCard,
    ContactCards,
    Content,
    Edited,
    GroupMember,
    Image,
    LinkPreview,
    Location,
    Poll,
    Reaction,
    Target,
    Text,
    Undecryptable,
    Unsupported,
    restored,
    stored,
)
from chalicelib.reading import Reader

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(0, 2**53),
    float: st.floats(-180, 180),
    bool: st.booleans(),
    Target: st.builds(Target, WORDS, st.none() | st.booleans(), st.none() | WORDS),
    tuple[str, ...]: st.lists(WORDS, max_size=3).map(tuple),
    tuple[int, ...]: st.lists(st.integers(0, 9), max_size=3).map(tuple),
    tuple[ContactCard, ...]: st.lists(st.builds(ContactCard, st.none() | WORDS), max_size=3).map(tuple),
    LinkPreview: st.builds(LinkPreview, WORDS, st.none() | WORDS),
    tuple[GroupMember, ...]: st.lists(st.builds(GroupMember, st.none() | WORDS), max_size=3).map(tuple),
    Location: st.builds(Location, st.floats(-90, 90), st.floats(-180, 180), st.none() | WORDS),
}


def _any_of(hint: Any) -> st.SearchStrategy[Any]:
    return _VALUES[hint] if hint in _VALUES else st.none() | _VALUES[hint.__args__[0]]


def _contents(kind: type[Content]) -> st.SearchStrategy[Content]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{one.name: _any_of(hints[one.name]) for one in fields(cast("Any", kind))})


CONTENTS = st.one_of([_contents(kind) for kind in TYPES.values()])


@given(CONTENTS)
def test_each_content_comes_out_as_it_went_in_but_that_empty_words_are_none(content: Content) -> None:
    again = restored(stored(content))
    assert (again.type, again.text, again.about) == (content.type, content.text, content.about)
    assert stored(again) == stored(content)
    if content.text or not content.WORDS:
        assert again == content


@given(CONTENTS)
def test_the_words_are_stored_once_where_old_versions_read_them(content: Content) -> None:
    item = stored(content)
    assert (item["kind"], item.get("text")) == (content.type, content.text)
    if content.WORDS and not isinstance(content, Location):
        assert content.WORDS not in item.get("content", {}).get(content.type, {}) or not content.text


@pytest.mark.parametrize(
    ("item", "content"),
    [
        ({"kind": "text", "text": "Kopi?"}, Text("Kopi?")),
        ({"text": "Kopi?"}, Text("Kopi?")),
        ({"kind": "image", "text": "Lihat"}, Image(caption="Lihat")),
        ({"kind": "reaction", "text": "👍"}, Reaction(emoji="👍")),
        ({"kind": "poll", "text": "Jam?"}, Poll("Jam?")),
        ({"kind": "location", "text": "Monas"}, Location(caption="Monas")),
        ({"kind": "contact", "text": "Bo"}, ContactCards(caption="Bo")),
        ({"kind": "edited", "text": "Jam sepuluh"}, Edited(body="Jam sepuluh")),
        ({"kind": "undecryptable"}, Undecryptable()),
        ({"kind": "orderMessage"}, Unsupported("orderMessage")),
    ],
)
def test_what_was_stored_before_contents_is_read(item: dict[str, Any], content: Content) -> None:
    assert restored(item) == content
    assert (content.type, content.text) == (item.get("kind", "text"), item.get("text"))


def test_a_type_of_a_later_version_is_read_with_its_name_and_its_words() -> None:
    item = {"kind": "hologram", "text": "Look!", "content": {"hologram": {"media_id": "md_1"}}}
    assert restored(item) == Unsupported("hologram", "Look!")


def test_a_field_of_a_later_version_is_passed_over() -> None:
    item = {"kind": "image", "content": {"image": {"size": 9, "hue": "red"}}}
    assert restored(item) == Image(size=9)


@pytest.mark.parametrize("kind", [one for one in TYPES.values() if one.WORDS])
def test_a_content_tells_nothing_of_its_words_in_a_log(kind: type[Content]) -> None:
    said = kind().with_text("a private word")
    assert said.text == "a private word"
    assert "private" not in repr(said)


def test_a_log_tells_how_many_and_how_long_but_no_text_of_what_was_said() -> None:
    target = Target("3EB0", True, "49170@s.whatsapp.net")
    assert (
        repr(Reaction(target, "👍"))
        == "Reaction(target=Target(id=…, from_me=True, participant=…), emoji=…, removed=False)"
    )
    assert repr(Poll("Why?", ("so", "not so"), 1)) == "Poll(question=…, options=(…, …), selectable=1)"
    card = ContactCards((ContactCard("Ana", "BEGIN:VCARD"),))
    assert repr(card) == "ContactCards(contacts=(ContactCard(name=…, vcard=…)))"


def test_a_content_that_was_read_is_left_as_it_is() -> None:
    assert Reader(Content).plain(Text("halo")) == Text("halo")
