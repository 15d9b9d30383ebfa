"""Files that come in: fetched from WhatsApp as soon as their message is here, since nobody can ask for them later.

A message isn't lost because of its file: the record says ``pending`` at once, and later what became of it. The message
waits a few seconds for its file, so that whoever is told of it can mostly have the file at once; while a file takes
longer, those behind it are told without waiting. What is to be fetched lies in a file beside the device's keys until it
is done, so that the next worker goes on where this one ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from tempfile import TemporaryFile
from threading import Condition, Thread, Timer
from typing import Any, BinaryIO, Final, cast

import msgspec

from chalicelib.domain.content import Content, Document, Media
from chalicelib.domain.media import (
    HEAD,
    KEPT,
    FileTrouble,
    MediaFile,
    MediaKind,
    MediaState,
    judged,
    media_id,
    plain_type,
)
from chalicelib.domain.messages import Direction
from chalicelib.domain.session import Session
from chalicelib.reading import Reader
from chalicelib.services.messages.store import Received
from chalicelib.services.ports import Rejected, Unavailable
from chalicelib.services.worker import WorkerMedia
from chalicelib.worker.log import Log
from chalicelib.worker.media.transfer import Downloaded, Transfer
from chalicelib.worker.session.reporter import SessionReporter
from chalicelib.worker.session.spool import Kind, Spool
from chalicelib.worker.whatsapp.errors import MediaFailed
from chalicelib.worker.whatsapp.files import WhatsAppFile

AT_ONCE: Final = 2
"""Files that are fetched side by side."""
HELD: Final = 1_000
"""Files that wait to be fetched before the messages have to wait for them."""
WAITED_FOR: Final = 5.0
"""Seconds that a message waits for its file."""
PAUSES: Final = (15.0, 60.0, 300.0)
"""Seconds before what WhatsApp's hosts didn't hand out, or AWS didn't take, is tried again."""
LONGEST_NAME: Final = 255
"""Characters of a file's name."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A file that is to be fetched: its record as it was begun, where it lies, and how often it was tried."""

    record: MediaFile
    file: WhatsAppFile
    tries: int = 0


_AWAITED: Final = Reader(Awaited)
AWAITED: Final[Kind[Awaited]] = Kind("media", msgspec.to_builtins, _AWAITED.plain)


class IncomingFiles:
    """The IncomingMedia of one session. Keeps what is to be fetched in the ``spool``."""

    def __init__(
        self,
        reporter: SessionReporter,
        services: WorkerMedia,
        transfer: Transfer,
        spool: Spool[Awaited],
        log: Log,
    ) -> None:
        self._reporter = reporter
        self._services = services
        self._transfer = transfer
        self._spool = spool
        self._log = log
        self._queue: Queue[Awaited] = Queue(HELD)
        self._changed = Condition()
        self._open: set[str] = set()
        self._slow: set[str] = set()
        """Files that a message has waited for in vain, and that are being fetched still."""

    def start(self) -> None:
        """Begin, with what earlier workers left."""
        Thread(target=lambda: self._try(self._take_over), name="media", daemon=True).start()
        for place in range(AT_ONCE):
            Thread(target=self._run, name=f"media-{place}", daemon=True).start()

    def keep(self, received: Received, file: WhatsAppFile) -> Content:
        """Have the file fetched, and wait a little for it; raises Unavailable and Rejected."""
        content = received.content
        if not isinstance(content, Media):
            return content
        record = self._record(self._reporter.session, received, content)
        if not self._services.store.put(record):
            # A message that is told once more, or whose worker ended before it was written down.
            record = self._services.store.get(record.uid, record.id) or record
        if record.state is MediaState.PENDING:
            self._begin(Awaited(record, file))
            self._wait(record.id)
            record = self._services.store.get(record.uid, record.id) or record
        return cast("Content", msgspec.structs.replace(cast("Any", content), **record.told))

    def close(self) -> None:
        """Remove the file of what is to be fetched if that is nothing; the rest is the next worker's."""
        with self._changed:
            if not self._open:
                self._try(self._spool.remove)

    def _try(self, act: Callable[[], None]) -> None:
        """Do something with the file; a disk that fails keeps nothing from the bucket."""
        try:
            act()
        except OSError:
            self._log.warning("spool_broken")

    def _record(self, session: Session, received: Received, content: Media) -> MediaFile:
        now = self._services.clock()
        message = self._services.named_id(received.at, received.digest)
        return MediaFile(
            uid=session.uid,
            id=media_id(message),
            tenant=session.tenant,
            session=session.id,
            direction=Direction.OUTBOUND if received.from_me else Direction.INBOUND,
            state=MediaState.PENDING,
            created_at=now,
            expires_at=now + KEPT,
            kind=MediaKind(content.type),
            mimetype=plain_type(content.mimetype),
            file_name=content.file_name[:LONGEST_NAME] if isinstance(content, Document) and content.file_name else None,
            message=message,
            width=getattr(content, "width", None),
            height=getattr(content, "height", None),
            seconds=getattr(content, "seconds", None),
        )

    def _begin(self, awaited: Awaited) -> None:
        with self._changed:
            if awaited.record.id in self._open:
                return
            self._open.add(awaited.record.id)
            self._try(lambda: self._spool.add(awaited))
        self._queue.put(awaited)

    def _wait(self, media_id: str) -> None:
        with self._changed:
            if self._slow:
                return
            self._changed.wait_for(lambda: media_id not in self._open or media_id in self._slow, WAITED_FOR)
            if media_id in self._open:
                self._slow.add(media_id)

    def _take_over(self) -> None:
        for file, left in self._spool.left():
            for awaited in left:
                self._begin(Awaited(awaited.record, awaited.file))
            file.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            awaited = self._queue.get()
            try:
                done = self._fetched(awaited)
            except (Unavailable, Rejected):
                done = False
            except Exception:  # noqa: BLE001 - it came from outside; the next one shall be kept all the same
                self._log.warning("media_broken")
                done = True
            if done:
                self._end(awaited.record.id)
            else:
                self._again(awaited)

    def _again(self, awaited: Awaited) -> None:
        """Try once more in a while: messages go on, and the file lies at WhatsApp for weeks."""
        pause = PAUSES[min(awaited.tries, len(PAUSES) - 1)]
        later = Timer(pause, self._queue.put, [Awaited(awaited.record, awaited.file, awaited.tries + 1)])
        later.daemon = True
        later.start()
        with self._changed:
            self._slow.add(awaited.record.id)
            self._changed.notify_all()

    def _end(self, media_id: str) -> None:
        with self._changed:
            self._open.discard(media_id)
            self._slow.discard(media_id)
            if not self._open:
                self._try(self._spool.empty)
            self._changed.notify_all()

    def _fetched(self, awaited: Awaited) -> bool:
        """Fetch the file and say what became of it; False if it is to be tried again.

        Raises Unavailable and Rejected.
        """
        record = self._services.store.get(awaited.record.uid, awaited.record.id)
        if record is None or record.state is not MediaState.PENDING:
            # Its session or message was removed, or an earlier worker was done with it.
            return True
        with TemporaryFile() as into:
            try:
                found = self._transfer.download(awaited.file, into)
            except MediaFailed as failed:
                if failed.code == FileTrouble.DOWNLOAD_FAILED and awaited.tries < len(PAUSES):
                    return False
                self._log.warning("media_lost", media=record.id, code=failed.code)
                self._services.store.move(record.lost(failed.code))
                return True
            self._store(record, into, found)
        return True

    def _store(self, record: MediaFile, file: BinaryIO, found: Downloaded) -> None:
        file.seek(0)
        mimetype = judged(file.read(HEAD), record.mimetype)
        file.seek(0)
        self._services.files.put(record.key, file, mimetype=mimetype)
        stored = record.stored(mimetype=mimetype, size=found.size, sha256=found.sha256.hex())
        if not self._services.store.move(stored) and self._services.store.get(record.uid, record.id) is None:
            # Its session or message was removed meanwhile, and what lies there would be nobody's.
            self._services.files.remove(record.key)
        self._log.info("media_stored", media=record.id, size=found.size)
