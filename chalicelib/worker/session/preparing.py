"""What a message needs from outside before its turn: its file fetched and uploaded, its link's page looked up.

That may take minutes, and nothing else of the session waits for it but what comes later in the same chat.
"""

from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Final, Protocol

from msgspec import Struct

from chalicelib.domain.content import Content, LinkPreview, Media, Text
from chalicelib.domain.messages import Message
from chalicelib.worker.whatsapp.files import WhatsAppFile

SIDE_BY_SIDE: Final = 4
"""Messages of one session that are prepared at once. Each may take the room of its file on the disk, twice."""


class Prepared(Struct, frozen=True):
    """What a message is sent with: the ``file`` of a media, or a preview as its page has it, with a small JPEG."""

    file: WhatsAppFile | None = None
    preview: LinkPreview | None = None
    thumbnail: bytes | None = None


class OutgoingMedia(Protocol):
    """Has the file of a media lie where WhatsApp's messages can refer to it."""

    def prepare(self, content: Media) -> WhatsAppFile:
        """Return where the file lies that the content's ``media_id`` or ``link`` names; takes as long as its upload.

        Raises SendRefused where that can't be, and NotSent where it may be later.
        """

    def shown(self, preview: LinkPreview) -> Prepared:
        """Return a link's preview with what its page says and shows, in seconds; without one where that is nothing."""


def needs_preparing(content: Content) -> bool:
    """Whether anything has to be fetched for it: a file, or what the page of a link says that nobody has described."""
    described = not isinstance(content, Text) or content.preview is None or content.preview.title is not None
    return isinstance(content, Media) or not described


class Preparing:
    """Prepares one session's messages on threads of its own, SIDE_BY_SIDE at once, and calls ``done`` after each."""

    def __init__(self, media: OutgoingMedia, done: Callable[[], None]) -> None:
        self._media = media
        self._done = done
        self._lock = Lock()
        self._asked: dict[str, Future[Prepared]] = {}
        self._queue: deque[Message] = deque()
        self._threads = 0

    def begin(self, message: Message) -> Future[Prepared]:
        """Return what comes of the message's preparation, which begins unless it has begun before."""
        with self._lock:
            future = self._asked.get(message.id)
            if future is not None:
                return future
            future = self._asked[message.id] = Future()
            self._queue.append(message)
            if self._threads < SIDE_BY_SIDE:
                self._threads += 1
                Thread(target=self._run, name="preparing", daemon=True).start()
            return future

    def forget(self, message: Message) -> None:
        """Have it prepared anew if it is asked for once more: what came of it is good for nothing."""
        with self._lock:
            self._asked.pop(message.id, None)

    def keep(self, ids: Collection[str]) -> None:
        """Forget all others: they aren't owed any more."""
        with self._lock:
            self._asked = {one: future for one, future in self._asked.items() if one in ids}

    def _run(self) -> None:
        while True:
            with self._lock:
                message = self._queue.popleft() if self._queue else None
                future = self._asked.get(message.id) if message else None
                if message is None:
                    self._threads -= 1
                    return
            if future is None:
                continue  # the message was forgotten before its turn came
            try:
                future.set_result(self._prepared(message.content))
            except Exception as error:  # noqa: BLE001 - whoever sends the message says what it means
                future.set_exception(error)
            self._done()

    def _prepared(self, content: Content) -> Prepared:
        if isinstance(content, Media):
            return Prepared(self._media.prepare(content))
        preview = content.preview if isinstance(content, Text) else None
        return self._media.shown(preview) if preview else Prepared()
