"""The documents against their pictures; those of docs/linking.md `python -m tests.docs.pictures` takes."""

import re

from tests.docs.tables import DOCS

LARGEST = 60_000
"""Bytes: a page of text is no more in few colours."""


def test_its_pictures_are_there_and_small():
    texts = [path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")]
    shown = [picture for text in texts for picture in re.findall(r"!\[[^]]+\]\((pictures/[a-z-]+\.png)\)", text)]
    sizes = {path.relative_to(DOCS).as_posix(): path.stat().st_size for path in (DOCS / "pictures").iterdir()}
    assert sorted(shown) == sorted(sizes)
    assert [name for name, size in sizes.items() if size > LARGEST] == []
