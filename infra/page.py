"""What the edge serves at ``/page/`` from a bucket: the page's own files, by their paths there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chalicelib import page
from chalicelib.page import PageFile

ROOT: Final = "page"
"""What every path begins with; behind it stands the build's name."""


def served() -> Mapping[str, PageFile]:
    """Return all files by their paths, which are their keys in the bucket; ``index.html`` is the function's."""
    return {f"{ROOT}/{page.build()}/{name}": file for name, file in page.files().items()}


def write(folder: Path) -> None:
    """Write the files under ``folder``, each at its path."""
    for path, file in served().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
