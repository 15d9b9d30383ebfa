"""A session's files: announced and uploaded, or brought along; judged by their bytes; handed out for a while; removed.

A large file is announced, and goes straight to the bucket by a form that its answer holds. What is uploaded lies apart
until somebody asks for the file: only then it is copied to where nobody's form can write, judged there, and recorded.
The form can be posted more than once, so what is copied must be what was judged: one caller at a time does it, who has
claimed the record, and the others wait for what comes of that.
"""

from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from typing import Final

from msgspec import Struct

from chalicelib.domain.errors import (
    MediaExpired,
    MediaNotFound,
    MediaNotReady,
    MediaTooLarge,
    MediaTypeMismatch,
    ResultGone,
)
from chalicelib.domain.media import (
    HEAD,
    KEPT,
    LARGEST,
    SIZE_HEAD,
    UNKNOWN,
    UPLOAD_TAKES,
    FileTrouble,
    MediaFile,
    MediaState,
    dimensions,
    disposition_of,
    is_animated,
    is_as_announced,
    is_bomb,
    judged,
    media_id,
    plain_type,
)
from chalicelib.domain.messages import Direction
from chalicelib.domain.session import Session
from chalicelib.services.messages.outbox import keep_pace
from chalicelib.services.ports import Clock, NewId, Sleep
from chalicelib.services.ports.control import SessionStore
from chalicelib.services.ports.media import FileGone, MediaFiles, MediaStore, UploadForm
from chalicelib.services.ports.messages import Paces
from chalicelib.services.reservations import Reservation
from chalicelib.services.sessions.moves import found
from chalicelib.services.waiting import PAUSES, Patience

ADDRESS_HOLDS: Final = 900
"""Seconds that a file can be read at an address that was given out."""
BOMB: Final = "The picture would take far more memory than a file of its size holds."
JUDGING_TAKES: Final = 60_000
"""Milliseconds after which whoever judged a file is surely gone: functions end after half of that."""
JUDGING_AWAITED: Final = 10_000
"""Milliseconds that others wait for that."""
_MB: Final = 1024 * 1024


class ReadAddress(Struct, frozen=True):
    """Where a file can be read until ``expires_at`` (milliseconds since the Unix epoch), by whoever has the address."""

    url: str
    expires_at: int

    def __repr__(self) -> str:
        """Show no address: it holds its own permission."""
        return f"ReadAddress(expires_at={self.expires_at})"


class MediaLibrary(Struct, frozen=True):
    """Keeps files for sessions."""

    sessions: SessionStore
    records: MediaStore
    files: MediaFiles
    paces: Paces
    clock: Clock
    sleep: Sleep
    new_id: NewId

    def announce(
        self,
        tenant: str,
        session_id: str,
        *,
        mimetype: str,
        size: int,
        file_name: str | None = None,
        made: Reservation | None = None,
    ) -> tuple[MediaFile, UploadForm]:
        """Return the record of a file that is to be uploaded within UPLOAD_TAKES, and a form to post it with.

        With what an Idempotency-Key reserved the same file is announced again, with another form. Raises
        SessionNotFound, TooFast, ResultGone and MediaTooLarge.
        """
        session = self._paced(tenant, session_id)
        self._must_not_be_gone(session, made)
        if size > LARGEST:
            raise MediaTooLarge(f"A file has {LARGEST // _MB} MB at most.", field="size")
        file = self._new(session, mimetype, file_name, made)
        file = self._put(replace(file, expires_at=file.created_at + UPLOAD_TAKES))
        form = self.files.upload_form(file.upload_key, mimetype=mimetype, largest=size, seconds=UPLOAD_TAKES // 1000)
        return file, form

    def keep(
        self,
        tenant: str,
        session_id: str,
        body: bytes,
        *,
        mimetype: str | None = None,
        file_name: str | None = None,
        made: Reservation | None = None,
    ) -> MediaFile:
        """Keep a file that was brought along; with what an Idempotency-Key reserved, the same one again.

        Raises SessionNotFound, TooFast, ResultGone, MediaTypeMismatch and, for a picture that is far larger than its
        bytes, MediaTooLarge.
        """
        session = self._paced(tenant, session_id)
        self._must_not_be_gone(session, made)
        type_found = judged(body[:HEAD], mimetype)
        if not is_as_announced(type_found, mimetype):
            raise MediaTypeMismatch(
                f"By its bytes the file is {type_found}, not {plain_type(mimetype)}.", field="mimetype"
            )
        sides = dimensions(body[:SIZE_HEAD])
        if is_bomb(sides, len(body)):
            raise MediaTooLarge(BOMB, field="file")
        file = self._new(session, type_found, file_name, made)
        sums, moves = sha256(body).hexdigest(), is_animated(body[:HEAD])
        file = file.stored(mimetype=type_found, size=len(body), sha256=sums, sides=sides, animated=moves)
        self.files.put(file.key, BytesIO(body), mimetype=type_found)
        return self._put(file)

    def get(self, tenant: str, session_id: str, name: str) -> MediaFile:
        """Return a file's record as it stands. Raises SessionNotFound and MediaNotFound."""
        file = self.find(found(self.sessions.find(tenant, session_id), session_id), name)
        if file is None or file.expires_at <= self.clock():
            raise MediaNotFound("There is no such file in this session.", field="media_id")
        return file

    def find(self, session: Session, name: str) -> MediaFile | None:
        """Return a file of a session, which may be kept no longer; None if there is none."""
        file = self.records.get(session.uid, name)
        return file and self._settled(file)

    def address(self, file: MediaFile) -> ReadAddress | None:
        """Return where a file can be read, None if its bytes aren't there."""
        if not file.is_there(self.clock()):
            return None
        mimetype = file.mimetype or UNKNOWN
        disposition = disposition_of(file.file_name, mimetype)
        url = self.files.read_address(file.key, seconds=ADDRESS_HOLDS, mimetype=mimetype, disposition=disposition)
        return ReadAddress(url, self.clock() + ADDRESS_HOLDS * 1000)

    def remove(self, tenant: str, session_id: str, name: str) -> MediaFile:
        """Remove a file; messages that were sent with it stay. Raises SessionNotFound and MediaNotFound."""
        session = found(self.sessions.find(tenant, session_id), session_id)
        file = self.records.get(session.uid, name)
        if file is None or file.expires_at <= self.clock():
            raise MediaNotFound("There is no such file in this session.", field="media_id")
        # The record last: without it nobody would find the bytes again.
        self.files.remove(file.upload_key)
        self.files.remove(file.key)
        self.records.remove(file)
        return file

    def _paced(self, tenant: str, session_id: str) -> Session:
        session = found(self.sessions.find(tenant, session_id), session_id)
        sentence, hint = "Files are uploaded faster than the session's pace allows.", "Come again a little later."
        keep_pace(self.paces, session, self.clock, sentence, hint=hint)
        return session

    def _must_not_be_gone(self, session: Session, made: Reservation | None) -> None:
        """Raise ResultGone where the same request made a file before that has been removed since."""
        if made and made.made and self.records.get(session.uid, media_id(made.id)) is None:
            raise ResultGone("The file that this request made has been removed since.")

    def _put(self, file: MediaFile) -> MediaFile:
        """Write the record; return the one that stands, where the same request came before."""
        return file if self.records.put(file) else self.records.get(file.uid, file.id) or file

    def _new(self, session: Session, mimetype: str, file_name: str | None, made: Reservation | None) -> MediaFile:
        now = made.at if made else self.clock()
        return MediaFile(
            uid=session.uid,
            id=media_id(made.id if made else self.new_id()),
            tenant=session.tenant,
            session=session.id,
            direction=Direction.OUTBOUND,
            state=MediaState.PENDING,
            created_at=now,
            expires_at=now + KEPT,
            mimetype=mimetype,
            file_name=file_name,
        )

    def _settled(self, file: MediaFile) -> MediaFile:
        """Return the record once what was uploaded has been judged; a file that came in is the worker's to settle."""
        if not self._is_unjudged(file):
            return file
        if (file.judged_until or 0) <= self.clock():
            if self.files.look(file.upload_key) is None:
                # Not uploaded yet; or another caller has just settled it.
                return self._stands(file)
            claimed = file.claimed(self.clock() + JUDGING_TAKES)
            if self.records.move(claimed):
                return self._settle(claimed)
        patience = Patience(self.clock, self.sleep, PAUSES)
        ends = self.clock() + JUDGING_AWAITED
        return patience.until(ends, self._stands(file), self._stands, lambda one: not one.judged_until)

    def _is_unjudged(self, file: MediaFile) -> bool:
        pending = file.state is MediaState.PENDING and file.direction is Direction.OUTBOUND
        return pending and self.clock() < file.expires_at

    def _stands(self, file: MediaFile) -> MediaFile:
        return self.records.get(file.uid, file.id) or file

    def _settle(self, claimed: MediaFile) -> MediaFile:
        """Judge what was uploaded, which nobody else does as long as the claim holds."""
        try:
            self.files.copy(claimed.upload_key, claimed.key)
            after = self._judged(claimed)
        except FileGone:
            after = claimed.claimed(None)
        except Exception:
            self.records.move(claimed.claimed(None))
            raise
        if after.state is not MediaState.STORED:
            self.files.remove(claimed.key)
        if self.records.move(after):
            if after.state is not MediaState.PENDING:
                self.files.remove(claimed.upload_key)
            return after
        if self.records.get(claimed.uid, claimed.id) is None:
            # The record was removed meanwhile: no record would refer to the bytes.
            self.files.remove(claimed.key)
        return self._stands(claimed)

    def _judged(self, file: MediaFile) -> MediaFile:
        with self.files.read(file.key) as pieces:
            head, size, digest = b"", 0, sha256()
            for piece in pieces:
                head += piece[: SIZE_HEAD - len(head)]
                size += len(piece)
                digest.update(piece)
        mimetype = judged(head[:HEAD], file.mimetype)
        if not is_as_announced(mimetype, file.mimetype):
            return file.lost(FileTrouble.TYPE_MISMATCH)
        sides = dimensions(head)
        if is_bomb(sides, size):
            return file.lost(FileTrouble.TOO_LARGE)
        sums = digest.hexdigest()
        return file.stored(mimetype=mimetype, size=size, sha256=sums, sides=sides, animated=is_animated(head))


def must_be_there(file: MediaFile | None, *, now: int, field: str) -> MediaFile:
    """Return a file whose bytes can be had.

    Raises MediaNotFound, MediaNotReady, MediaTypeMismatch, MediaTooLarge and MediaExpired.
    """
    if file is None:
        raise MediaNotFound("There is no such file in this session.", field=field)
    if file.is_there(now):
        return file
    if file.state is MediaState.PENDING and now < file.expires_at:
        fetched = file.direction is Direction.INBOUND
        said = "The file is still being fetched from WhatsApp." if fetched else "The file isn't uploaded yet."
        raise MediaNotReady(said, field=field)
    if file.error_code == FileTrouble.TYPE_MISMATCH:
        raise MediaTypeMismatch("By its bytes the file isn't of the type that was announced.", field=field)
    if file.error_code == FileTrouble.TOO_LARGE:
        raise MediaTooLarge(BOMB, field=field)
    raise MediaExpired("The file isn't kept any more.", field=field)
