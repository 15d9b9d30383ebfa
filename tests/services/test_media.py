"""Files of sessions: announced and uploaded, brought along, judged by their bytes, and removed."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from chalicelib.domain.errors import MediaExpired, MediaNotFound, MediaNotReady, MediaTooLarge, MediaTypeMismatch
from chalicelib.domain.media import KEPT, LARGEST, UPLOAD_TAKES, MediaFile, MediaState
from chalicelib.services.media import ADDRESS_HOLDS, JUDGING_TAKES, must_be_there
from chalicelib.services.ports import Unavailable
from tests.composition import Rig
from tests.fakes.media import MemoryMedia, MemoryMediaFiles
from tests.makers import a_running_session

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000
PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    session = a_running_session(id="shop", uid="u1")
    rig.stores.sessions.rows[session.uid] = session
    return rig


class Overtaken(MemoryMedia):
    """Records; whoever settles one first meets another who does so at the same time and is quicker."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.stores.media.rows)
        self.rig: Rig | None = rig

    def move(self, media: MediaFile) -> bool:
        if self.rig is not None:
            rig, self.rig = self.rig, None
            assert rig.media.get(media.tenant, media.session, media.id).state is MediaState.STORED
        return super().move(media)


def announced(rig: Rig, mimetype: str = "image/png") -> MediaFile:
    file, form = rig.media.announce("default", "shop", mimetype=mimetype, size=len(PNG), file_name="plan.png")
    assert form.fields["key"] == file.upload_key
    return file


def posted(rig: Rig, file: MediaFile, body: bytes) -> None:
    rig.stores.files.files[file.upload_key] = body, file.mimetype or ""


def test_a_file_is_pending_until_it_is_uploaded_and_stored_from_then_on(rig: Rig) -> None:
    file = announced(rig)
    assert rig.media.get("default", "shop", file.id).state is MediaState.PENDING
    assert rig.media.address(file) is None
    posted(rig, file, PNG)
    stored = rig.media.get("default", "shop", file.id)
    assert (stored.state, stored.mimetype, stored.size) == (MediaState.STORED, "image/png", len(PNG))
    assert stored.sha256 == sha256(PNG).hexdigest()
    assert stored.expires_at == file.created_at + KEPT
    assert rig.stores.files.files == {file.key: (PNG, "image/png")}


def test_what_is_uploaded_again_by_the_same_form_changes_nothing(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)
    rig.media.get("default", "shop", file.id)
    posted(rig, file, PAGE)
    assert rig.media.get("default", "shop", file.id).sha256 == sha256(PNG).hexdigest()
    assert rig.stores.files.files[file.key][0] == PNG


def test_bytes_that_are_not_what_was_announced_fail_and_are_not_kept(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PAGE)
    failed = rig.media.get("default", "shop", file.id)
    assert (failed.state, failed.error_code) == (MediaState.FAILED, "media_type_mismatch")
    assert rig.stores.files.files == {}
    with pytest.raises(MediaTypeMismatch):
        must_be_there(failed, now=rig.clock(), field="image.media_id")


def test_of_two_who_settle_a_file_at_once_both_see_it_stored(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)
    rig.stores.media = Overtaken(rig)
    assert rig.media.get("default", "shop", file.id).state is MediaState.STORED
    assert rig.stores.files.files == {file.key: (PNG, "image/png")}


class Meanwhile(MemoryMediaFiles):
    """Files; once what was uploaded is copied, and before anybody judged it, ``then`` happens."""

    def __init__(self, rig: Rig, then: Callable[[], None]) -> None:
        super().__init__(rig.stores.files.files)
        self.then: Callable[[], None] | None = then

    def copy(self, key: str, to: str) -> None:
        super().copy(key, to)
        if self.then is not None:
            then, self.then = self.then, None
            then()


def test_what_is_posted_while_a_file_is_judged_never_takes_the_place_of_what_was_judged(rig: Rig) -> None:
    file = announced(rig, "application/octet-stream")
    posted(rig, file, PNG)
    seen: list[MediaFile] = []

    def again() -> None:
        posted(rig, file, PAGE)
        seen.append(rig.media.get("default", "shop", file.id))

    rig.stores.files = Meanwhile(rig, again)
    stored = rig.media.get("default", "shop", file.id)
    assert rig.stores.files.files[file.key][0] == PNG
    assert (stored.state, stored.mimetype, stored.sha256) == (MediaState.STORED, "image/png", sha256(PNG).hexdigest())
    assert [one.state for one in seen] == [MediaState.PENDING]


def test_who_asks_while_a_file_is_judged_waits_for_what_comes_of_that(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)
    judging = file.claimed(rig.clock() + JUDGING_TAKES)
    assert rig.stores.media.move(judging)
    done = judging.stored(mimetype="image/png", size=len(PNG), sha256=sha256(PNG).hexdigest())
    rig.while_waiting = lambda: rig.stores.media.rows.__setitem__((file.uid, file.id), done)
    assert rig.media.get("default", "shop", file.id) == done


def test_a_file_whose_judge_died_is_judged_by_who_asks_later(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)
    assert rig.stores.media.move(file.claimed(rig.clock() + JUDGING_TAKES))
    assert rig.media.get("default", "shop", file.id).state is MediaState.PENDING
    rig.clock.sleep(JUDGING_TAKES / 1000)
    assert rig.media.get("default", "shop", file.id).state is MediaState.STORED


def test_a_file_that_could_not_be_judged_is_judged_at_the_next_call(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)

    def fail() -> None:
        raise Unavailable

    rig.stores.files = Meanwhile(rig, fail)
    with pytest.raises(Unavailable):
        rig.media.get("default", "shop", file.id)
    assert rig.media.get("default", "shop", file.id).state is MediaState.STORED


def test_a_file_that_is_removed_while_it_is_judged_leaves_no_bytes(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)
    rig.stores.files = Meanwhile(rig, lambda: rig.stores.media.remove(file))
    rig.media.get("default", "shop", file.id)
    assert file.key not in rig.stores.files.files


def test_one_that_came_along_is_judged_at_once(rig: Rig) -> None:
    file = rig.media.keep("default", "shop", PNG, file_name="plan.png")
    assert (file.state, file.mimetype, file.size) == (MediaState.STORED, "image/png", len(PNG))
    assert rig.media.get("default", "shop", file.id) == file
    with pytest.raises(MediaTypeMismatch) as refused:
        rig.media.keep("default", "shop", PAGE, mimetype="image/png")
    assert refused.value.field == "mimetype"
    assert list(rig.stores.files.files) == [file.key]


def test_an_announcement_ends_and_a_file_too(rig: Rig) -> None:
    file = announced(rig)
    with pytest.raises(MediaNotReady):
        must_be_there(rig.media.get("default", "shop", file.id), now=rig.clock(), field="image.media_id")
    kept = rig.media.keep("default", "shop", PNG)
    rig.clock.sleep(UPLOAD_TAKES / 1000)
    posted(rig, file, PNG)
    with pytest.raises(MediaNotFound):
        rig.media.get("default", "shop", file.id)
    rig.clock.sleep((KEPT - UPLOAD_TAKES) / 1000)
    with pytest.raises(MediaNotFound):
        rig.media.get("default", "shop", kept.id)
    with pytest.raises(MediaExpired):
        must_be_there(kept, now=rig.clock(), field="image.media_id")


def test_an_address_says_when_it_ends_and_is_in_no_repr(rig: Rig) -> None:
    address = rig.media.address(rig.media.keep("default", "shop", PNG))
    assert address is not None
    assert address.expires_at == rig.clock() + ADDRESS_HOLDS * 1000
    assert "http" not in repr(address)


def test_a_removed_file_is_gone_with_its_bytes(rig: Rig) -> None:
    file = announced(rig)
    posted(rig, file, PNG)
    rig.media.remove("default", "shop", file.id)
    assert rig.stores.files.files == {}
    with pytest.raises(MediaNotFound):
        rig.media.remove("default", "shop", file.id)


def test_a_file_of_another_session_is_not_there(rig: Rig) -> None:
    other = a_running_session(id="other", uid="u2")
    rig.stores.sessions.rows[other.uid] = other
    file = rig.media.keep("default", "shop", PNG)
    with pytest.raises(MediaNotFound):
        rig.media.get("default", "other", file.id)


def test_what_is_too_large_is_not_even_announced(rig: Rig) -> None:
    with pytest.raises(MediaTooLarge):
        rig.media.announce("default", "shop", mimetype="video/mp4", size=LARGEST + 1)
    assert not rig.stores.media.rows


BOMB = PNG[:8] + b"\0\0\0\rIHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0" + b"\0" * 5_000


def test_a_picture_that_is_far_larger_than_its_bytes_is_refused_and_not_kept(rig: Rig) -> None:
    with pytest.raises(MediaTooLarge):
        rig.media.keep("default", "shop", BOMB, mimetype="image/png")
    assert rig.stores.files.files == {}
    file = announced(rig)
    posted(rig, file, BOMB)
    failed = rig.media.get("default", "shop", file.id)
    assert (failed.state, failed.error_code) == (MediaState.FAILED, "media_too_large")
    assert rig.stores.files.files == {}
    with pytest.raises(MediaTooLarge):
        must_be_there(failed, now=rig.clock(), field="image.media_id")
