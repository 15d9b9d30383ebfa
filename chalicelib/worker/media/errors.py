"""Why a file couldn't be sent or kept: codes that callers read on the message, or on the file's record."""

from typing import Final

from chalicelib.domain.media import EXPIRED_CODE

TOO_LARGE: Final = "MEDIA_TOO_LARGE"
TYPE_MISMATCH: Final = "MEDIA_TYPE_MISMATCH"
UNREADABLE: Final = "MEDIA_UNREADABLE"
NOT_FOUND: Final = "MEDIA_NOT_FOUND"
EXPIRED: Final = EXPIRED_CODE
CORRUPT: Final = "MEDIA_CORRUPT"
LINK_REFUSED: Final = "LINK_REFUSED"
LINK_FAILED: Final = "LINK_FAILED"
UPLOAD_FAILED: Final = "MEDIA_UPLOAD_FAILED"
DOWNLOAD_FAILED: Final = "MEDIA_DOWNLOAD_FAILED"


class MediaFailed(Exception):
    """A file can't be sent or kept, however often it is tried: a ``code`` of this module, and a ``sentence``.

    Neither names an address, a key or a file.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


class MediaDelayed(Exception):
    """A file couldn't be sent or kept now; another time may do. Its text says no more than a log may."""
