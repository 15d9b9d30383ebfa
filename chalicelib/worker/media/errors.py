"""Why a file couldn't be sent or kept: codes that callers read on the message, or on the file's record."""

from typing import Final

from chalicelib.domain.media import EXPIRED_CODE
from chalicelib.worker.whatsapp.errors import SendRefused

TOO_LARGE: Final = "media_too_large"
TYPE_MISMATCH: Final = "media_type_mismatch"
UNREADABLE: Final = "media_unreadable"
NOT_FOUND: Final = "media_not_found"
EXPIRED: Final = EXPIRED_CODE
ALTERED: Final = "media_altered"
LINK_REFUSED: Final = "link_refused"
LINK_FAILED: Final = "link_failed"
UPLOAD_FAILED: Final = "media_upload_failed"
DOWNLOAD_FAILED: Final = "media_download_failed"


class MediaFailed(SendRefused):
    """A file can't be sent or kept, however often it is tried: a ``code`` of this module, and a ``sentence``.

    Neither names an address, a key or a file.
    """
