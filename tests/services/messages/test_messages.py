"""Messages as their owner looks at them."""

from collections.abc import Sequence

import pytest

from chalicelib.domain.content import Image
from chalicelib.domain.errors import MessageNotFound, SessionNotFound
from chalicelib.domain.media import MediaFile
from chalicelib.domain.messages import KEPT
from chalicelib.services.messages.store import PAGE_TEXT, Wanted
from tests.composition import Rig
from tests.fakes.media import MemoryMedia
from tests.makers import NOW, a_media_file, a_message, a_running_session

SESSION = a_running_session()


@pytest.fixture
def rig():
    rig = Rig()
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


def put(rig: Rig, count: int, **fields) -> list[str]:
    for number in range(count):
        rig.stores.messages.put(a_message(id=f"M{number:03}", **fields))
    return [f"M{number:03}" for number in reversed(range(count))]


def test_a_message_is_found_by_our_id_and_by_whatsapp_s(rig):
    message = a_message(whatsapp_id="3EB0")
    rig.stores.messages.put(message)
    rig.stores.messages.note_whatsapp_id(message)
    assert rig.messages.get("default", "ana", message.id) == message
    assert rig.messages.get("default", "ana", "3EB0") == message


def test_a_message_that_came_in_is_found_by_whatsapp_s_id_too(rig):
    message = a_message(whatsapp_id="3A01")
    rig.stores.messages.put(message)
    rig.stores.messages.note_received(message, writer="2000")
    assert rig.messages.get("default", "ana", "3A01") == message


def test_another_tenant_s_message_is_not_there(rig):
    put(rig, 1)
    theirs = a_running_session(tenant="other", uid="theirs")
    rig.stores.sessions.rows["theirs"] = theirs
    with pytest.raises(MessageNotFound):
        rig.messages.get("other", "ana", "M000")
    assert rig.messages.listed("other", "ana", Wanted(5, None)) == ([], None)
    with pytest.raises(SessionNotFound):
        rig.messages.get("third", "ana", "M000")
    with pytest.raises(SessionNotFound):
        rig.messages.listed("third", "ana", Wanted(5, None))


def test_pages_follow_each_other_from_the_newest(rig):
    ids = put(rig, 5)
    seen, before = [], None
    for expected in (2, 2, 1):
        page, before = rig.messages.listed("default", "ana", Wanted(2, before))
        assert len(page) == expected
        seen += [message.id for message in page]
    assert (seen, before) == (ids, None)


def test_long_texts_make_a_page_shorter_and_none_is_lost(rig):
    ids = put(rig, 5, text="x" * (PAGE_TEXT // 2))
    page, before = rig.messages.listed("default", "ana", Wanted(50, None))
    assert [message.id for message in page] == ids[:2]
    page, before = rig.messages.listed("default", "ana", Wanted(50, before))
    assert [message.id for message in page] == ids[2:4]
    assert [m.id for m in rig.messages.listed("default", "ana", Wanted(50, before))[0]] == ids[4:]


def test_what_has_expired_is_not_there_though_it_still_is(rig):
    put(rig, 1, created_at=NOW - KEPT)
    with pytest.raises(MessageNotFound):
        rig.messages.get("default", "ana", "M000")
    assert rig.messages.listed("default", "ana", Wanted(5, None)) == ([], None)


def with_files(rig: Rig, *files: MediaFile) -> None:
    """Put a message for each file, which was told of before the file was there; the files are as they are now."""
    for number, file in enumerate(files):
        content = Image(media_id=file.id, state="pending", size=1, caption="Menu")
        rig.stores.messages.put(a_message(id=f"M{number:03}", content=content))
        rig.stores.media.put(file)


def test_a_message_s_file_is_told_as_it_stands_by_now(rig):
    waits = a_media_file(id="md_0")
    there = a_media_file(id="md_1").stored(mimetype="image/png", size=3, sha256="ab")
    gone = a_media_file(id="md_2").lost("media_expired")
    with_files(rig, waits, there, gone)
    told = [
        Image(media_id="md_0", state="pending", size=1, caption="Menu"),
        Image(media_id="md_1", state="stored", size=3, sha256="ab", caption="Menu"),
        Image(media_id="md_2", state=str(gone.state), size=1, caption="Menu"),
    ]
    page, _ = rig.messages.listed("default", "ana", Wanted(5, newest_first=False))
    assert [message.content for message in page] == told
    assert [rig.messages.get("default", "ana", f"M00{number}").content for number in range(3)] == told


def test_a_removed_file_leaves_its_message_as_it_was_told(rig):
    with_files(rig, a_media_file(id="md_0"))
    rig.stores.media.rows.clear()
    assert rig.messages.get("default", "ana", "M000").content.state == "pending"


def test_a_page_reads_the_files_that_are_waited_for_at_once_and_no_others(rig, monkeypatch):
    with_files(rig, *(a_media_file(id=f"md_{number}") for number in range(5)))
    rig.stores.messages.put(a_message(id="M900", content=Image(media_id="md_9", state="stored")))
    reads = []

    def many(uid: str, ids: Sequence[str]) -> list[MediaFile]:
        reads.append(sorted(ids))
        return MemoryMedia.many(rig.stores.media, uid, ids)

    monkeypatch.setattr(rig.stores.media, "many", many)
    rig.messages.listed("default", "ana", Wanted(50, None))
    assert reads == [[f"md_{number}" for number in range(5)]]
    rig.messages.get("default", "ana", "M900")
    assert len(reads) == 1
