"""Where WhatsApp keeps an encrypted file, and what opens it: what a message with media refers to."""

from dataclasses import dataclass, field
from typing import Final

LONGEST_PATH: Final = 2_048
"""Characters of a path on the media hosts: WhatsApp's own have a few hundred."""
_NEVER: Final = frozenset(" \\#")


def is_path(path: str) -> bool:
    """Whether a file can be asked for by that path: it is the sender's word, and stays behind the host's name."""
    return path.startswith("/") and len(path) <= LONGEST_PATH and path.isprintable() and _NEVER.isdisjoint(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppFile:
    """A file on WhatsApp's media servers, as the messages that refer to it describe it.

    ``kind`` is the name under which its keys are derived: image (also stickers), video, audio or document. Hashes are
    SHA-256: ``file_sha256`` of the file itself, ``enc_sha256`` of what lies on the server, with its MAC. ``size`` is
    the file's own, in bytes. ``direct_path`` begins with a slash and is valid on any of the media hosts; ``url`` is one
    of them and, in a message that came in, the sender's choice: never fetch it. ``media_key_timestamp`` is in seconds
    since the Unix epoch.

    What follows is made for files that go out, and is the sender's word in those that came in: a ``thumbnail`` in JPEG,
    pixels, seconds, a ``waveform`` of 64 loudnesses from 0 to 100, and whether a picture moves.
    """

    kind: str
    direct_path: str = field(repr=False)
    media_key: bytes = field(repr=False)
    enc_sha256: bytes
    file_sha256: bytes
    size: int
    mimetype: str
    media_key_timestamp: int
    url: str | None = field(default=None, repr=False)
    thumbnail: bytes | None = field(default=None, repr=False)
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    waveform: bytes | None = field(default=None, repr=False)
    animated: bool = False
