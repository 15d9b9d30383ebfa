"""What a file is, found by a process that can be killed: size, length, thumbnail, waveform, and Opus for voice notes.

Decoders are written in C and strangers choose what they decode. So nothing is decoded in the process that holds the
session: a child does it (``examiner``), with limits on memory, processor time and the clock, no environment and, where
the kernel lets it, no network. However it ends, it ends in a value or in a named error.
"""

import base64
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Timer
from typing import BinaryIO, Final

import msgspec

from chalicelib.domain.media import MB, FileTrouble, MediaKind
from chalicelib.reading import Reader
from chalicelib.worker.whatsapp.errors import MediaFailed

MEMORY: Final = 400 * MB
"""Bytes of address space: a picture of as many pixels as may be, with what Python and its libraries take."""
CPU: Final = 20
"""Seconds of processor time."""
SECONDS: Final = 60.0
"""Seconds by the clock: a worker has a quarter of a processor."""
LONGEST_ANSWER: Final = 64 * 1024
LONGEST_VOICE: Final = 16 * MB
EXAMINER: Final = Path(__file__).with_name("examiner.py")

_FORMS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "video/mp4": "mp4",
    "video/3gpp": "mp4",
    "audio/mp4": "mp4",
    "video/webm": "matroska",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/flac": "flac",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
}
"""What the libraries call the format of a type; there is one for each that can be sent as anything but a document."""

_SENTENCES: Final[dict[str, str]] = {
    FileTrouble.TOO_LARGE: "The picture has more pixels than can be sent.",
    FileTrouble.TYPE_MISMATCH: "The file holds nothing of the kind that it is to be sent as.",
    FileTrouble.UNREADABLE: "The file is broken, or takes too much to be read.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found: pixels, whole seconds, a JPEG ``thumbnail``, a ``waveform`` of 64 loudnesses from 0 to 100.

    ``codec`` is that of a sound, ``converted`` says that a voice note was written anew.
    """

    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    animated: bool = False
    thumbnail: bytes | None = field(default=None, repr=False)
    waveform: bytes | None = field(default=None, repr=False)
    codec: str | None = None
    converted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    error: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    animated: bool = False
    thumbnail: str | None = None
    waveform: str | None = None
    codec: str | None = None
    converted: bool = False


_ANSWER: Final = Reader(_Answer)
_ONE_AT_A_TIME: Final = Lock()
"""Two children at once may take more memory than the task has."""


def examined(file: BinaryIO, kind: MediaKind, mimetype: str, *, voice: BinaryIO | None = None) -> Examined:
    """Return what a file on disk is; ``mimetype`` is judged by its bytes. Documents aren't looked into.

    With ``voice`` a sound is made a voice note, which is written there unless it is one already. Takes a minute at the
    most. Raises MediaFailed.
    """
    if kind is MediaKind.DOCUMENT:
        return Examined()
    form = _FORMS.get(mimetype)
    if form is None:
        raise MediaFailed(FileTrouble.TYPE_MISMATCH, _SENTENCES[FileTrouble.TYPE_MISMATCH])
    task = "voice" if voice else {MediaKind.VIDEO: "video", MediaKind.AUDIO: "audio"}.get(kind, "picture")
    job = {"task": task, "form": form, "memory": MEMORY, "cpu": CPU, "written": LONGEST_VOICE}
    kept: tuple[int, ...] = ()
    if voice:
        kept = (voice.fileno(),)
        job["into"] = voice.fileno()
    with _ONE_AT_A_TIME:
        answer = _asked(json.dumps(job), file, kept)
    if answer.error:
        code = answer.error if answer.error in _SENTENCES else FileTrouble.UNREADABLE
        raise MediaFailed(code, _SENTENCES[code])
    return Examined(
        width=answer.width,
        height=answer.height,
        seconds=answer.seconds,
        animated=answer.animated,
        thumbnail=base64.b64decode(answer.thumbnail) if answer.thumbnail else None,
        waveform=base64.b64decode(answer.waveform) if answer.waveform else None,
        codec=answer.codec,
        converted=answer.converted,
    )


def _asked(job: str, file: BinaryIO, kept: tuple[int, ...]) -> _Answer:
    """Run the child; one that is killed, dies, or answers what is none hasn't read the file."""
    file.seek(0)
    # -I: neither the environment nor the working directory have a say in what it imports.
    command = [sys.executable, "-I", str(EXAMINER), job]
    child = subprocess.Popen(  # noqa: S603
        command,
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        pass_fds=kept,
        start_new_session=True,
    )
    clock = Timer(SECONDS, child.kill)
    clock.daemon = True
    clock.start()
    try:
        text = child.stdout.read(LONGEST_ANSWER) if child.stdout else b""
    finally:
        clock.cancel()
        with suppress(ProcessLookupError):
            child.kill()
        child.communicate()
    try:
        return _ANSWER.json(text)
    except msgspec.DecodeError:
        return _Answer(error=FileTrouble.UNREADABLE)
