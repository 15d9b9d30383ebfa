"""A copy of the table that is older than the world, put right before anything runs on it."""

from dataclasses import replace

import pytest

from chalicelib.domain.access import Tenant
from chalicelib.domain.errors import Contended
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.services.control.restored import LEAP, PAGE, Restored
from chalicelib.services.messages.outbox import AT_ONCE
from tests.composition import Rig
from tests.makers import NOW, a_message, a_running_session, a_session

S = MessageStatus
SESSION = a_running_session()


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.tenants.rows[SESSION.tenant] = Tenant(SESSION.tenant, "Ours", NOW, ())
    rig.stores.sessions.rows[SESSION.uid] = SESSION
    return rig


@pytest.fixture
def restored(rig: Rig) -> Restored:
    stores = rig.stores
    return Restored(stores.tenants, stores.sessions, stores.messages, rig.dispatch)


def put(rig: Rig, **fields) -> Message:
    message = a_message(**{"expires_at": NOW + 60_000, **fields})
    assert rig.stores.messages.put(message)
    return message


def outcome(rig: Rig, message: Message) -> tuple[MessageStatus, str | None]:
    stands = rig.stores.messages.rows[message.uid, message.id]
    return stands.status, stands.error_code


def test_every_claimed_session_s_epoch_is_above_all_that_its_files_may_have(rig: Rig, restored: Restored) -> None:
    for number in range(2 * PAGE + 1):
        uid = f"uid-{number:04d}"
        rig.stores.sessions.rows[uid] = replace(SESSION, uid=uid, id=uid, epoch=number + 1)
    assert restored.raise_epochs() == 2 * PAGE + 2
    rows = rig.stores.sessions.rows
    assert [rows[f"uid-{number:04d}"].epoch for number in (0, 2 * PAGE)] == [LEAP + 1, LEAP + 2 * PAGE + 1]


def test_nothing_else_of_a_session_changes_but_its_version(rig: Rig, restored: Restored) -> None:
    restored.raise_epochs()
    changed = replace(SESSION, epoch=SESSION.epoch + LEAP, version=SESSION.version + 1)
    assert rig.stores.sessions.rows == {SESSION.uid: changed}


def test_a_session_that_never_had_a_worker_has_no_files_to_be_above_of(rig: Rig, restored: Restored) -> None:
    fresh = a_session()
    rig.stores.sessions.rows = {fresh.uid: fresh}
    assert restored.raise_epochs() == 0
    assert rig.stores.sessions.rows == {fresh.uid: fresh}


def test_a_table_on_which_something_runs_is_no_restored_one(
    rig: Rig, restored: Restored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.stores.sessions, "move", lambda _, **__: False)
    with pytest.raises(Contended, match="something runs on this table"):
        restored.raise_epochs()


def test_what_waited_when_the_copy_was_made_may_have_gone_out_since(rig: Rig, restored: Restored) -> None:
    waiting, sending = put(rig), put(rig, id="2", status=S.SENDING, epoch=1)
    sent = put(rig, id="3", status=S.SENT)
    assert restored.end_messages(queued=True) == 2
    assert outcome(rig, waiting) == outcome(rig, sending) == (S.UNKNOWN, "restored")
    assert outcome(rig, sent) == (S.SENT, None)
    assert restored.end_messages(queued=True) == 0


def test_where_the_files_alone_are_a_copy_what_waits_goes_out(rig: Rig, restored: Restored) -> None:
    waiting, sending = put(rig), put(rig, id="2", status=S.SENDING, epoch=1)
    assert restored.end_messages(queued=False) == 1
    assert (outcome(rig, waiting), outcome(rig, sending)) == ((S.QUEUED, None), (S.UNKNOWN, "restored"))


def test_no_message_is_left_out_however_many_there_are(rig: Rig, restored: Restored) -> None:
    for number in range(2 * AT_ONCE + 1):
        put(rig, id=f"{number:05d}")
    assert restored.end_messages(queued=True) == 2 * AT_ONCE + 1
