"""The API reference: the page that shows the API's description, and calls the gateway from it.

RapiDoc draws it, a script of a package that is no part of this repository: packaging puts it here beside the functions
and into the bucket, and the local front serves it from where it is installed.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from chalicelib import page
from chalicelib.page import MARK, TYPES, PageFile

RAPIDOC: Final = "11.0.1"
"""RapiDoc's version, which is its package's too."""
SCRIPT: Final = "rapidoc-min.js"
PAGE_MARK: Final = "{{page}}"
PREFIX: Final = "reference-"
_FOLDER: Final = Path(__file__).parent


@cache
def files() -> dict[str, PageFile]:
    """Return the files at ``page/<build>/`` by their names; RapiDoc's own script is there where it was packaged."""
    found = (path for path in sorted(_FOLDER.iterdir()) if path.suffix in TYPES)
    return {path.name: PageFile(path.read_bytes(), TYPES[path.suffix]) for path in found}


@cache
def build() -> str:
    """Return the name of this build, made of RapiDoc's version and the contents of all other files."""
    own = (file.content for name, file in files().items() if name != SCRIPT)
    return f"{PREFIX}{RAPIDOC}-{sha256(b''.join(own)).hexdigest()[:8]}"


@cache
def index() -> str:
    """Return the page, which refers to the files of this build, and to the icon of the other page."""
    text = (_FOLDER / page.HOME).read_text(encoding="utf-8")
    return text.replace(MARK, build()).replace(PAGE_MARK, page.build())
