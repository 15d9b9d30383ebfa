"""Files on their way out: from the bucket or a link to a file on disk, looked into there, and on to WhatsApp.

The disk is the task's own and gone with it. A file is fetched, judged and looked into before a message is reported as
``sending``: whatever is wrong with it, the message then has surely not gone out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from chalicelib.domain.content import Audio, LinkPreview, Media
from chalicelib.domain.media import HEAD, LARGEST_OF, MB, FileTrouble, MediaKind, judged, may_be_sent
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.services.ports.media import FileGone, LinkFailed, LinkRefused, LinkTooLarge, LinkUnavailable
from chalicelib.services.worker import WorkerMedia
from chalicelib.wire import media as wire
from chalicelib.worker.media.examining import Examined, examined
from chalicelib.worker.media.previews import looked_up, picture_of
from chalicelib.worker.media.transfer import Transfer
from chalicelib.worker.session.preparing import Prepared
from chalicelib.worker.whatsapp.errors import MediaFailed, NotSent
from chalicelib.worker.whatsapp.files import WhatsAppFile
from chalicelib.worker.whatsapp.media_connection import MediaConnection

_OPUS: Final = "audio/ogg; codecs=opus"
"""The one type that WhatsApp's apps play as Opus."""
_KINDS: Final = {
    MediaKind.IMAGE: wire.IMAGE,
    MediaKind.STICKER: wire.IMAGE,
    MediaKind.VIDEO: wire.VIDEO,
    MediaKind.AUDIO: wire.AUDIO,
    MediaKind.DOCUMENT: wire.DOCUMENT,
}


@dataclass(frozen=True, slots=True)
class OutgoingFiles:
    """The OutgoingMedia of one session; ``connection`` asks its client where files are uploaded to."""

    uid: str
    services: WorkerMedia
    transfer: Transfer
    connection: Callable[[], MediaConnection]

    def prepare(self, content: Media) -> WhatsAppFile:
        """Fetch, judge, look into and upload the file.

        Raises MediaFailed, and NotSent where AWS or WhatsApp is away.
        """
        kind = MediaKind(content.type)
        voice = isinstance(content, Audio) and content.voice
        with TemporaryFile() as file, TemporaryFile() as spoken:
            claimed = self._fetched(content, kind, file)
            mimetype = _type_of(file, kind, content.mimetype or claimed, voice=voice)
            found = examined(file, kind, mimetype, voice=spoken if voice else None)
            source = spoken if found.converted else file
            sent = self.transfer.upload(source, _KINDS[kind], _named(mimetype, kind, found), self.connection())
        return replace(
            sent,
            thumbnail=found.thumbnail,
            width=found.width,
            height=found.height,
            seconds=found.seconds,
            waveform=found.waveform,
            animated=found.animated,
        )

    def shown(self, preview: LinkPreview) -> Prepared:
        """Look up what the link's page says, and shows."""
        page = looked_up(preview, self.services.links)
        return Prepared(preview=page.preview, thumbnail=picture_of(page, self.services.links)) if page else Prepared()

    def _fetched(self, content: Media, kind: MediaKind, into: BinaryIO) -> str | None:
        """Write the file to disk; return the type that whoever it comes from says it has."""
        if content.media_id is not None:
            return self._from_bucket(content.media_id, kind, into)
        if content.link is None:
            raise MediaFailed(FileTrouble.NOT_FOUND, "The message names no file.")
        try:
            return self.services.links.fetch(content.link, into, largest=LARGEST_OF[kind])
        except LinkRefused as refused:
            raise MediaFailed(FileTrouble.LINK_REFUSED, f"The link can't be fetched. {refused}") from None
        except LinkFailed as failed:
            passes = isinstance(failed, LinkUnavailable)
            trouble = FileTrouble.LINK_UNAVAILABLE if passes else FileTrouble.LINK_FAILED
            raise MediaFailed(trouble, f"The link couldn't be fetched. {failed}") from None
        except LinkTooLarge:
            raise _too_large(kind) from None

    def _from_bucket(self, media_id: str, kind: MediaKind, into: BinaryIO) -> str | None:
        try:
            record = self.services.store.get(self.uid, media_id)
            if record is None or not record.is_there(self.services.clock()):
                raise MediaFailed(FileTrouble.NOT_FOUND, "The session has no such file, or no longer.")
            if (record.size or 0) > LARGEST_OF[kind]:
                raise _too_large(kind)
            with self.services.files.read(record.key) as pieces:
                into.writelines(pieces)
        except FileGone:
            raise MediaFailed(FileTrouble.NOT_FOUND, "The session no longer has the file.") from None
        except (Unavailable, Rejected) as error:
            raise NotSent from error
        return record.mimetype


def _type_of(file: BinaryIO, kind: MediaKind, claimed: str | None, *, voice: bool) -> str:
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise MediaFailed(FileTrouble.TYPE_MISMATCH, "The file is empty.")
    mimetype = judged(head, claimed)
    if not may_be_sent(mimetype, kind, voice=voice):
        raise MediaFailed(
            FileTrouble.TYPE_MISMATCH, f"A file of the type {mimetype} can't be sent as {'voice' if voice else kind}."
        )
    return mimetype


def _named(mimetype: str, kind: MediaKind, found: Examined) -> str:
    """Return the type as WhatsApp's apps want it named."""
    if kind is not MediaKind.AUDIO:
        return mimetype
    if found.waveform is not None or found.codec == "opus":
        return _OPUS
    return "audio/mp4" if mimetype == "video/mp4" else mimetype


def _too_large(kind: MediaKind) -> MediaFailed:
    return MediaFailed(FileTrouble.TOO_LARGE, f"WhatsApp takes {LARGEST_OF[kind] // MB} MB as {kind} at the most.")
