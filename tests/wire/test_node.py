"""Finding one's way in a stanza."""

import pytest

from chalicelib.wire.node import Jid, MissingPart, Node

NODE = Node(
    "iq", {"id": "1", "from": Jid("1", "lid")}, (Node("list", {}, (Node("key", {}, b"a"), Node("key", {}, "b"))),)
)


def test_a_descendant_is_found_by_its_path() -> None:
    assert NODE.get("list", "key").data == b"a"
    assert NODE.find("list", "other") is None
    assert NODE.find("other", "key") is None


def test_text_content_is_data_too() -> None:
    assert [key.data for key in NODE.get("list").named("key")] == [b"a", b"b"]


def test_a_missing_part_is_named() -> None:
    with pytest.raises(MissingPart, match="skey"):
        NODE.get("skey")
    with pytest.raises(MissingPart, match="id"):
        NODE.jid("id")
    with pytest.raises(MissingPart):
        _ = NODE.data
