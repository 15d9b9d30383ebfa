"""Files that are to be sent: whether a session has them, and whether WhatsApp takes them as what they are sent as."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.content import Audio, Content, Document, Media
from chalicelib.domain.errors import MediaTooLarge, MediaTypeMismatch
from chalicelib.domain.media import LARGEST_OF, MediaKind, may_be_sent
from chalicelib.domain.session import Session
from chalicelib.services.media import MediaLibrary, must_be_there

_MB: Final = 1024 * 1024


class Attachments(Struct, frozen=True):
    """Checks contents with a ``media_id`` before they are accepted."""

    media: MediaLibrary

    def checked(self, session: Session, content: Content) -> Content:
        """Return the content with what is known of its file; one without a ``media_id`` as it is.

        What a ``link`` leads to is checked when it is fetched. Raises MediaNotFound, MediaNotReady, MediaExpired,
        MediaTypeMismatch and MediaTooLarge.
        """
        if not isinstance(content, Media) or content.media_id is None:
            return content
        field = f"{content.type}.media_id"
        file = must_be_there(self.media.find(session, content.media_id), now=self.media.clock(), field=field)
        kind = MediaKind(content.type)
        voice = isinstance(content, Audio) and content.voice
        if file.mimetype is not None and not may_be_sent(file.mimetype, kind, voice=voice):
            raise MediaTypeMismatch(f"A file of the type {file.mimetype} can't be sent as {kind}.", field=field)
        if (file.size or 0) > LARGEST_OF[kind]:
            raise MediaTooLarge(f"WhatsApp takes {LARGEST_OF[kind] // _MB} MB of {kind} at most.", field=field)
        told = replace(content, mimetype=file.mimetype, size=file.size, sha256=file.sha256)
        if isinstance(told, Document) and told.file_name is None:
            return replace(told, file_name=file.file_name)
        return told
