"""The process that decodes what strangers sent: it has the file, limits, and nothing else. Run by ``examining``.

It is started as a program of its own, without environment. Of this project it imports nothing. The file is its standard
input, the job its one argument in JSON, the answer JSON on its standard output: what was found, or ``error``, a code.
A voice note is written to the descriptor that the job names.

Formats are given by whoever judged the file's bytes, and no other demuxer is tried: some read addresses out of a file
and fetch what is there.
"""

import base64
import ctypes
import io
import json
import os
import resource
import signal
import sys
from array import array
from contextlib import suppress
from itertools import islice, pairwise
from typing import Any, BinaryIO, Final

MOST_PIXELS: Final = 50_000_000
"""Of a picture: more than phones take, and what fits into the memory that there is."""
THUMBNAIL: Final = 100
"""Pixels of the longer side."""
WAVEFORM: Final = 64
"""Loudnesses of a waveform, each from 0 to 100."""
LONGEST_THUMBNAIL: Final = 10_000
"""Bytes."""
LONGEST: Final = 359_999
"""Seconds that a sound or a video is said to play: 99:59:59."""
_OPUS_RATE: Final = 48_000
_WAVE_RATE: Final = 8_000
_OPUS_BITS: Final = 32_000


class CantBeSent(Exception):
    """The file can't be sent as what it is said to be; its text is the code."""


def confine(memory: int, cpu: int, written: int) -> None:
    """Take from this process what it doesn't need. ``memory`` and ``written`` are in bytes, ``cpu`` in seconds."""
    libc = ctypes.CDLL(None, use_errno=True)
    pr_set_pdeathsig, pr_set_no_new_privs = 1, 38
    libc.prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    libc.prctl(pr_set_no_new_privs, 1, 0, 0, 0)
    clone_newuser, clone_newnet = 0x10000000, 0x40000000
    # No network of its own. Where the kernel or the container doesn't allow it, the other limits have to do.
    libc.unshare(clone_newuser | clone_newnet)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:  # noqa: PTH123
        # If memory runs out it is this process that ends, not the one that has the session.
        score.write("1000")
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def picture(file: BinaryIO, form: str) -> dict[str, Any]:
    """Return size and thumbnail of a picture, and whether it moves."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(file, formats=[form]) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise CantBeSent("media_too_large")
        turned = image.getexif().get(0x0112) in {5, 6, 7, 8}
        animated = bool(getattr(image, "is_animated", False))
        # A JPEG can be decoded smaller than it is.
        image.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        small = ImageOps.exif_transpose(image)
        return {
            "width": height if turned else width,
            "height": width if turned else height,
            "animated": animated,
            "thumbnail": _thumbnail(small),
        }


def _thumbnail(image: Any) -> str:
    from PIL import Image  # noqa: PLC0415

    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.new("RGB", seen.size, "white")
        image.paste(seen, mask=seen.getchannel("A"))
    elif image.mode not in {"RGB", "L"}:
        image = image.convert("RGB")
    for quality in (70, 50, 30):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= LONGEST_THUMBNAIL:
            break
    return base64.b64encode(out.getvalue()).decode()


def video(file: BinaryIO, form: str) -> dict[str, Any]:
    """Return size, length and a thumbnail of a video's first picture."""
    with _opened(file, form) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise CantBeSent("media_type_mismatch")
        if stream.width * stream.height > MOST_PIXELS:
            raise CantBeSent("media_too_large")
        stream.codec_context.thread_count = 1
        seconds = _seconds(container, stream)
        frame = next(iter(container.decode(stream)), None)
        if frame is None:
            raise CantBeSent("media_unreadable")
        width, height = frame.width, frame.height
        scale = THUMBNAIL / max(width, height)
        sides = {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
        small = frame.reformat(format="rgb24", **(sides if scale < 1 else {})).to_image()
        turned = frame.rotation % 180 != 0
        if frame.rotation:
            small = small.rotate(frame.rotation, expand=True)
        return {
            "width": height if turned else width,
            "height": width if turned else height,
            "seconds": seconds,
            "thumbnail": _thumbnail(small),
        }


def audio(file: BinaryIO, form: str) -> dict[str, Any]:
    """Return the length and the codec of a sound."""
    with _opened(file, form) as container:
        stream = _sound(container)
        seconds = _seconds(container, stream)
        if seconds is None:
            seconds = _rounded(sum(frame.samples / frame.sample_rate for frame in container.decode(stream)))
        elif next(iter(container.decode(stream)), None) is None:
            raise CantBeSent("media_unreadable")
        return {"seconds": seconds, "codec": stream.codec_context.codec.canonical_name}


def voice(file: BinaryIO, form: str, descriptor: int) -> dict[str, Any]:
    """Return length and waveform of a voice note, and write it as Opus in Ogg unless it is that (``converted``)."""
    from av.audio.resampler import AudioResampler  # noqa: PLC0415

    with _opened(file, form) as container:
        stream = _sound(container)
        one = stream.codec_context
        writing = None if form == "ogg" and one.name in {"opus", "libopus"} and one.channels == 1 else _Opus(descriptor)
        resampler = AudioResampler(format="s16", layout="mono", rate=_WAVE_RATE)
        loudness: list[int] = []
        samples = 0
        for frame in container.decode(stream):
            if writing:
                writing.take(frame)
            for small in resampler.resample(frame):
                samples += small.samples
                loudness.append(_loudest(small))
        if writing:
            writing.close()
        if not samples:
            raise CantBeSent("media_unreadable")
    wave = base64.b64encode(bytes(_waveform(loudness))).decode()
    return {"seconds": _rounded(samples / _WAVE_RATE), "waveform": wave, "converted": writing is not None}


class _Opus:
    """Writes frames as Opus in Ogg: one channel, as WhatsApp's own voice notes are."""

    def __init__(self, descriptor: int) -> None:
        import av  # noqa: PLC0415
        from av.audio.resampler import AudioResampler  # noqa: PLC0415

        self._file = os.fdopen(descriptor, "wb")
        self._container = av.open(self._file, "w", format="ogg")
        self._stream: Any = self._container.add_stream("libopus", rate=_OPUS_RATE, layout="mono")
        self._stream.bit_rate = _OPUS_BITS
        self._stream.codec_context.options = {"application": "voip"}
        self._resampler = AudioResampler(format="s16", layout="mono", rate=_OPUS_RATE, frame_size=_OPUS_RATE // 50)

    def take(self, frame: Any) -> None:
        for one in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(one))

    def close(self) -> None:
        for one in self._resampler.resample(None):
            self._container.mux(self._stream.encode(one))
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._file.close()


def _opened(file: BinaryIO, form: str) -> Any:
    import av  # noqa: PLC0415
    import av.logging  # noqa: PLC0415

    av.logging.set_level(av.logging.PANIC)
    return av.open(file, "r", format=form, metadata_errors="ignore")


def _sound(container: Any) -> Any:
    stream = next(iter(container.streams.audio), None)
    if stream is None:
        raise CantBeSent("media_type_mismatch")
    stream.codec_context.thread_count = 1
    return stream


def _seconds(container: Any, stream: Any) -> int | None:
    if container.duration:
        return _rounded(container.duration / 1_000_000)
    return _rounded(float(stream.duration * stream.time_base)) if stream.duration and stream.time_base else None


def _rounded(seconds: float) -> int:
    """Return whole seconds, no more than a player's clock has room for: a file may say that it plays for ages."""
    return max(1, round(min(seconds, LONGEST)))


def _loudest(frame: Any) -> int:
    values = array("h", bytes(frame.planes[0])[: 2 * frame.samples])
    return max((max(values), -min(values))) if values else 0


def _waveform(loudness: list[int]) -> list[int]:
    """Return ``WAVEFORM`` values of what the sound is made of, its loudest being 100."""
    count = len(loudness)
    edges = [place * count // WAVEFORM for place in range(WAVEFORM + 1)]
    parts = [max(islice(loudness, one, max(one + 1, other))) for one, other in pairwise(edges)]
    top = max(parts)
    return [part * 100 // top if top else 0 for part in parts]


def examined(job: dict[str, Any], file: BinaryIO) -> dict[str, Any]:
    """Do the job; whatever goes wrong has a code."""
    try:
        match job["task"]:
            case "picture":
                return picture(file, job["form"])
            case "video":
                return video(file, job["form"])
            case "audio":
                return audio(file, job["form"])
            case "voice":
                return voice(file, job["form"], job["into"])
            case _:
                return {"error": "media_unreadable"}
    except CantBeSent as refused:
        return {"error": str(refused)}
    except Exception:  # noqa: BLE001 - whatever a decoder says of a broken file, it is broken
        return {"error": "media_unreadable"}


def main() -> None:
    """Read the job, do it, answer."""
    job = json.loads(sys.argv[1])
    confine(job["memory"], job["cpu"], job["written"])
    with os.fdopen(0, "rb") as file:
        answer = examined(job, file)
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    # Decoders' own endings aren't worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main()
