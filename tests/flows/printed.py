"""What the documents print, word for word, with the host, the credentials and the names of a test put in."""

from pathlib import Path

DOCUMENTS = Path(__file__).parent / "documents"


def printed(name: str, changes: dict[str, str]) -> str:
    """Return a document's text with ``changes`` made; each must have something to change."""
    text = (DOCUMENTS / name).read_text()
    for said, meant in changes.items():
        assert said in text, f"{name} doesn't say {said}"
        text = text.replace(said, meant)
    return text
