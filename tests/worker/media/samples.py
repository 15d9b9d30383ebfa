"""Files of each type, made by the libraries themselves, and some that lie."""

import io
import math
import struct
import wave
import zlib
from array import array
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image


def a_picture(form: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **how: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, form, **how)
    return out.getvalue()


def a_moving_sticker() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGBA", (512, 512), (shade, 0, 0, 255)) for shade in (0, 90, 180)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def a_png_bomb(side: int = 30_000) -> bytes:
    """A few thousand bytes that unpack to ``side`` squared pixels."""

    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = part(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 1_000_000, 9)) + part(b"IEND", b"")


@cache
def a_tone(seconds: float, rate: int = 16_000, *, channels: int = 1) -> array:
    """A tone that grows from nothing to its loudest; nobody changes it."""
    count = int(seconds * rate)
    return array(
        "h",
        [
            int(30_000 * place / count * math.sin(place * 2 * math.pi * 440 / rate))
            for place in range(count)
            for _ in range(channels)
        ],
    )


def a_wav(seconds: float = 2.0, *, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(a_tone(seconds, channels=channels).tobytes())
    return out.getvalue()


def a_sound(form: str, codec: str, seconds: float = 2.0, *, rate: int = 48_000) -> bytes:
    """A tone as ``codec`` in ``form``, in one channel."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="mono")
        frame = AudioFrame(format="s16", layout="mono", samples=int(seconds * rate))
        frame.planes[0].update(a_tone(seconds, rate).tobytes())
        frame.sample_rate, frame.pts = rate, 0
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate, frame_size=size)
        for one in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return out.getvalue()


def a_video(seconds: float = 2.0, size: tuple[int, int] = (320, 240), *, form: str = "mp4") -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for place in range(int(seconds * 10)):
            picture = Image.new("RGB", size, (place * 10 % 256, 80, 80))
            container.mux(stream.encode(VideoFrame.from_image(picture)))
        container.mux(stream.encode(None))
    return out.getvalue()


def a_video_that_says_it_plays_for_ages() -> bytes:
    """A second or two that call themselves years; without the edit list, which says otherwise."""
    video = bytearray(a_video().replace(b"edts", b"free"))
    struct.pack_into(">II", video, video.index(b"mdhd") + 16, 1, 2**32 - 2)
    struct.pack_into(">I", video, video.index(b"stts") + 16, 2**20)
    return bytes(video)


def on_disk(folder: Path, body: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(body)
    return path
