"""What the child finds in files of each type, and that no file is the end of more than the child."""

import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from chalicelib.domain.media import FileTrouble, MediaKind, judged
from chalicelib.worker.media import examining
from chalicelib.worker.media.examining import EXAMINER, Examined, examined
from chalicelib.worker.whatsapp.errors import MediaFailed
from tests.worker.media import samples

pytestmark = pytest.mark.subprocess

IMAGE, VIDEO, AUDIO = MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Examined]:
    def look(body: bytes, kind: MediaKind, mimetype: str | None = None) -> Examined:
        with samples.on_disk(tmp_path, body).open("rb") as file:
            return examined(file, kind, mimetype or judged(body[:4096], None))

    return look


@pytest.fixture
def speak(tmp_path: Path) -> Callable[..., tuple[Examined, bytes]]:
    def speak(body: bytes) -> tuple[Examined, bytes]:
        with samples.on_disk(tmp_path, body).open("rb") as file, (tmp_path / "voice").open("w+b") as into:
            found = examined(file, AUDIO, judged(body[:4096], None), voice=into)
            return found, (tmp_path / "voice").read_bytes()

    return speak


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_picture_has_its_size_and_a_small_thumbnail(look: Callable[..., Examined], form: str) -> None:
    found = look(samples.a_picture(form, (1200, 800)), IMAGE)
    assert (found.width, found.height, found.seconds, found.animated) == (1200, 800, None, False)
    assert found.thumbnail is not None
    assert len(found.thumbnail) < 10_000
    with Image.open(io.BytesIO(found.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (100, 67))


def test_a_picture_of_a_turned_camera_is_as_it_is_seen(look: Callable[..., Examined]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = look(samples.a_picture("JPEG", (300, 200), exif=exif), IMAGE)
    assert (found.width, found.height) == (200, 300)
    assert found.thumbnail is not None
    with Image.open(io.BytesIO(found.thumbnail)) as small:
        assert small.size == (67, 100)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_a_picture_of_any_colours_has_a_thumbnail(look: Callable[..., Examined], mode: str) -> None:
    assert look(samples.a_picture("PNG", mode=mode), IMAGE).thumbnail


def test_a_picture_that_is_to_be_printed_has_a_thumbnail(look: Callable[..., Examined]) -> None:
    assert look(samples.a_picture("JPEG", mode="CMYK"), IMAGE).thumbnail


def test_what_shows_through_is_white(look: Callable[..., Examined]) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    found = look(out.getvalue(), IMAGE)
    assert found.thumbnail
    with Image.open(io.BytesIO(found.thumbnail)) as small:
        assert set(small.convert("L").tobytes()) <= {254, 255}


def test_a_phone_s_largest_picture_is_looked_at_within_the_limits(look: Callable[..., Examined]) -> None:
    body = samples.a_picture("PNG", (8160, 6120), "RGB", compress_level=1)
    assert (found := look(body, IMAGE)).width == 8160
    assert found.thumbnail


@pytest.mark.parametrize(("body", "animated"), [(samples.a_picture("WEBP"), False), (samples.a_moving_sticker(), True)])
def test_a_sticker_says_whether_it_moves(look: Callable[..., Examined], body: bytes, animated: bool) -> None:
    assert look(body, MediaKind.STICKER).animated is animated


def test_a_video_has_size_length_and_a_thumbnail(look: Callable[..., Examined]) -> None:
    found = look(samples.a_video(3, (320, 240)), VIDEO)
    assert (found.width, found.height, found.seconds) == (320, 240, 3)
    assert found.thumbnail is not None
    with Image.open(io.BytesIO(found.thumbnail)) as small:
        assert small.size == (100, 75)


def test_a_video_says_no_longer_than_a_player_s_clock_shows(look: Callable[..., Examined]) -> None:
    assert look(samples.a_video_that_says_it_plays_for_ages(), VIDEO).seconds == 359_999


@pytest.mark.parametrize(
    ("form", "codec", "rate", "name"),
    [
        ("mp3", "libmp3lame", 44_100, "mp3"),
        ("ogg", "libopus", 48_000, "opus"),
        ("mp4", "aac", 44_100, "aac"),
        ("adts", "aac", 44_100, "aac"),
        ("flac", "flac", 44_100, "flac"),
    ],
)
def test_a_sound_has_its_length(look: Callable[..., Examined], form: str, codec: str, rate: int, name: str) -> None:
    found = look(samples.a_sound(form, codec, 3, rate=rate), AUDIO)
    assert (found.seconds, found.codec) == (3, name)
    assert found.thumbnail is None


@pytest.mark.parametrize(
    "body",
    [
        samples.a_wav(2.5),
        samples.a_wav(2.5, channels=2),
        samples.a_sound("mp3", "libmp3lame", 2.5),
        samples.a_sound("mp4", "aac", 2.5),
        samples.a_sound("webm", "libopus", 2.5),
    ],
    ids=["wav", "stereo", "mp3", "aac", "webm"],
)
def test_a_sound_becomes_a_voice_note(speak: Callable[..., tuple[Examined, bytes]], body: bytes) -> None:
    found, voice = speak(body)
    assert found.converted
    assert found.seconds in {2, 3}
    assert found.waveform is not None
    assert len(found.waveform) == 64
    assert max(found.waveform) == 100
    assert list(found.waveform[:60:15]) == sorted(found.waveform[:60:15]), "the tone grows"
    assert judged(voice[:4096], None) == "audio/ogg"
    with av.open(io.BytesIO(voice), "r") as container:
        (stream,) = container.streams.audio
        assert (stream.codec_context.name, stream.codec_context.channels) in {("opus", 1), ("libopus", 1)}
        assert sum(frame.samples for frame in container.decode(stream)) == pytest.approx(2.5 * 48_000, rel=0.02)


def test_a_voice_note_stays_as_it_is(speak: Callable[..., tuple[Examined, bytes]]) -> None:
    found, voice = speak(samples.a_sound("ogg", "libopus", 2))
    assert (found.converted, found.seconds, voice) == (False, 2, b"")
    assert found.waveform is not None
    assert len(found.waveform) == 64


def test_silence_has_a_waveform_too(speak: Callable[..., tuple[Examined, bytes]]) -> None:
    found, _ = speak(samples.a_wav(1)[:44] + b"\0" * 32_000)
    assert found.waveform == bytes(64)


@pytest.mark.parametrize(
    ("body", "kind", "mimetype", "code"),
    [
        (samples.a_png_bomb(), IMAGE, None, FileTrouble.TOO_LARGE),
        (samples.a_png_bomb(7_000), IMAGE, None, FileTrouble.UNREADABLE),
        (samples.a_picture()[:200], IMAGE, None, FileTrouble.UNREADABLE),
        (b"<html><script>", IMAGE, "image/png", FileTrouble.UNREADABLE),
        (samples.a_picture("GIF"), IMAGE, "image/png", FileTrouble.UNREADABLE),
        (samples.a_video()[:900], VIDEO, None, FileTrouble.UNREADABLE),
        (samples.a_sound("mp4", "aac"), VIDEO, None, FileTrouble.TYPE_MISMATCH),
        (samples.a_video(), AUDIO, None, FileTrouble.TYPE_MISMATCH),
        (b"ID3" + b"\0" * 4000, AUDIO, None, FileTrouble.UNREADABLE),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x\n", AUDIO, "audio/mpeg", FileTrouble.UNREADABLE),
        (b"", IMAGE, "image/png", FileTrouble.UNREADABLE),
        (samples.a_picture("GIF"), IMAGE, "image/gif", FileTrouble.TYPE_MISMATCH),
    ],
    ids=range(12),
)
def test_what_is_broken_lies_or_is_too_much_has_a_name(
    look: Callable[..., Examined], body: bytes, kind: MediaKind, mimetype: str | None, code: str
) -> None:
    with pytest.raises(MediaFailed) as failed:
        look(body, kind, mimetype)
    assert failed.value.code == code
    assert failed.value.sentence


def test_a_document_is_not_looked_into(look: Callable[..., Examined]) -> None:
    assert look(samples.a_png_bomb(), MediaKind.DOCUMENT) == Examined()


def a_child(tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "child.py"
    path.write_text(program)
    monkeypatch.setattr(examining, "EXAMINER", path)


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.kill(os.getpid(), 11)",
        "print('{\"width\": ', end='')",
        "print('[]')",
        "print('x' * 1_000_000)",
        "import sys; sys.exit(3)",
    ],
)
def test_a_child_that_ends_badly_has_not_read_the_file(
    look: Callable[..., Examined], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    a_child(tmp_path, program, monkeypatch)
    with pytest.raises(MediaFailed, match=FileTrouble.UNREADABLE):
        look(samples.a_picture(), IMAGE)


def test_a_child_that_does_not_end_is_ended(
    look: Callable[..., Examined], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_child(tmp_path, "import time\nwhile True: time.sleep(1)", monkeypatch)
    monkeypatch.setattr(examining, "SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(MediaFailed, match=FileTrouble.UNREADABLE):
        look(samples.a_picture(), IMAGE)
    assert time.monotonic() - began < 10


def confined(what: str, **limits: int) -> subprocess.CompletedProcess[str]:
    """Run Python in a process that is confined as the child is."""
    limits = {"memory": 256 << 20, "cpu": 1, "written": 1000} | limits
    arguments = ", ".join(f"{name}={value}" for name, value in limits.items())
    program = f"import examiner\nexaminer.confine({arguments})\n{what}"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=EXAMINER.parent, check=False, capture_output=True, text=True, timeout=60
    )


def test_the_child_has_no_more_memory_than_it_was_given() -> None:
    assert "MemoryError" in confined("bytearray(300 << 20)").stderr
    assert confined("bytearray(20 << 20)").returncode == 0


def test_the_child_has_no_more_processor_time_than_it_was_given() -> None:
    assert confined("while True: pass").returncode in {-9, -24}


def test_the_child_writes_no_more_than_it_was_given(tmp_path: Path) -> None:
    done = confined(f"open({str(tmp_path / 'out')!r}, 'wb', buffering=0).write(bytes(5000))")
    assert (tmp_path / "out").stat().st_size <= 1000, done.stderr


def test_the_child_ends_with_whoever_started_it(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import examiner, time, os;"
        "examiner.confine(1 << 29, 5, 1000); print(os.getpid(), flush=True); time.sleep(60)'],"
        " stdout=subprocess.PIPE, text=True)\n"
        "print(child.stdout.readline(), flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=EXAMINER.parent, check=True, capture_output=True, text=True, timeout=60
    )
    pid, ends = int(done.stdout), time.monotonic() + 60
    while alive(pid) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_child_gets_nothing_of_the_worker_s_but_the_file(
    look: Callable[..., Examined], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    program = (
        "import json, os, sys\n"
        "opened = sorted(os.readlink(f'/proc/self/fd/{one}') for one in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{one}'))\n"
        f"open({str(told)!r}, 'w').write(json.dumps([dict(os.environ), opened, os.getcwd()]))\n"
        "print('{}')"
    )
    a_child(tmp_path, program, monkeypatch)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with (tmp_path / "another").open("wb"):
        look(samples.a_picture(), IMAGE)
    environment, opened, folder = json.loads(told.read_text())
    assert "secret" not in str(environment)
    assert [one for one in opened if one.startswith(str(tmp_path))] == [str(tmp_path / "file")]
    assert folder == "/"


def test_the_examiner_knows_nothing_of_the_project() -> None:
    assert "chalicelib" not in EXAMINER.read_text().replace("of this project", "")


def test_the_worker_decodes_nothing_itself(look: Callable[..., Examined]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    look(samples.a_picture("JPEG"), IMAGE)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before
    assert {"PIL", "av"}.isdisjoint(vars(examining))
