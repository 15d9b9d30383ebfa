"""The page that people link and watch sessions with: its files, as they are served, and the name of their build.

It reads this folder, each file once, and knows nothing of the gateway.

All files but the two documents lie at ``page/<build>/<name>``, where browsers may keep them for ever: other contents
have another build. The documents find them by the mark ``{{build}}``. Addresses are relative, since API Gateway's own
have a stage before the path.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

HOME: Final = "index.html"
PASSKEY: Final = "passkey.html"
"""What WhatsApp's page comes back to from the signing of a passkey."""
PLACE: Final = "place.json"
"""What is special where the page is served: ``phones`` is the virtual phones' address, null where there are none."""
MARK: Final = "{{build}}"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""Content types by the endings of files' names; no file has another ending."""
KEPT: Final = "public, max-age=31536000, immutable"
"""The Cache-Control of a build's files."""
_FOLDER: Final = Path(__file__).parent


class PageFile(NamedTuple):
    """A file of the page."""

    content: bytes
    content_type: str


@cache
def files() -> dict[str, PageFile]:
    """Return the files of this build by their names, all but the documents."""
    found = (path for path in sorted(_FOLDER.iterdir()) if path.suffix in TYPES)
    return {path.name: PageFile(path.read_bytes(), TYPES[path.suffix]) for path in found}


@cache
def build() -> str:
    """Return the name of this build: sixteen hexadecimal digits, made of the names and contents of all files."""
    digest = sha256("".join(map(_written, (HOME, PASSKEY))).encode())
    for name, file in files().items():
        digest.update(f"\n{name} {len(file.content)}\n".encode())
        digest.update(file.content)
    return digest.hexdigest()[:16]


@cache
def index() -> str:
    """Return ``index.html``, which refers to the files of this build."""
    return _written(HOME).replace(MARK, build())


@cache
def passkey() -> str:
    """Return ``passkey.html``, which refers to the files of this build too."""
    return _written(PASSKEY).replace(MARK, build())


def _written(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
