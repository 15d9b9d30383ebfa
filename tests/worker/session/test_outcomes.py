"""What the worker before this one left half sent: settled by what the client library had written of it."""

import sqlite3
from pathlib import Path

import pytest

from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.worker.log import Log
from chalicelib.worker.session.device import Devices, Opened
from chalicelib.worker.session.outcomes import AT_ONCE, Outcomes, ids_of
from tests.makers import a_message
from tests.worker.harness import WorkerHarness

pytestmark = pytest.mark.subprocess

S = MessageStatus
SECRETS = [bytes([number]) * 32 for number in range(5)]


def write(database: Path, secrets: dict[bytes, str]) -> None:
    """Write what the library writes for each message, as it names it."""
    with sqlite3.connect(database) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS whatsmeow_message_secrets (our_jid TEXT, chat_jid TEXT, sender_jid TEXT,"
            " message_id TEXT, key bytea NOT NULL, PRIMARY KEY (our_jid, chat_jid, sender_jid, message_id))"
        )
        connection.executemany(
            "INSERT INTO whatsmeow_message_secrets VALUES ('me', 'chat', 'me', ?, ?)",
            [(name, secret) for secret, name in secrets.items()],
        )
    connection.close()


@pytest.fixture
def harness(tmp_path: Path) -> WorkerHarness:
    return WorkerHarness(tmp_path, linked=True)


def half_sent(harness: WorkerHarness, name: str, *, secret: bytes | None, epoch: int = 1) -> Message:
    """A message that a worker of that epoch was sending."""
    messages = harness.outside.messages
    messages.put(a_message(uid=harness.session.uid, id=name, text=name))
    begun = harness.outside.dispatch.begin(messages.rows[harness.session.uid, name], epoch=epoch, secret=secret)
    assert begun
    return begun


def settle(harness: WorkerHarness, opened: Opened, *, ended: int | None) -> tuple[str, ...]:
    dispatch, uid = harness.outside.dispatch, harness.session.uid
    return Outcomes(uid, dispatch, harness.events, Log(), ended=ended).settle(opened)


def opened(harness: WorkerHarness, epoch: int, sent: dict[bytes, str]) -> Opened:
    """The database of a new epoch, copied from the first one's, in which the library has written of messages."""
    write(harness.root / harness.session.uid / "device-0000000001.db", sent)
    return Devices(harness.root).open(harness.session.uid, epoch)


def stands(harness: WorkerHarness, name: str) -> Message:
    return harness.outside.messages.rows[harness.session.uid, name]


def test_what_the_library_wrote_of_may_have_left_under_its_id_and_a_receipt_settles_it(harness: WorkerHarness) -> None:
    half_sent(harness, "1", secret=SECRETS[1])
    left = settle(harness, opened(harness, 2, {SECRETS[0]: "3EB00", SECRETS[1]: "3EB01"}), ended=1)
    message = stands(harness, "1")
    assert left == ("3EB01",)
    assert (message.status, message.whatsapp_id, message.error_code) == (S.UNKNOWN, "3EB01", "worker_lost")
    harness.outside.dispatch.receipt(harness.session.uid, ("3EB01",), S.DELIVERED)
    assert (stands(harness, "1").status, stands(harness, "1").error_code) == (S.DELIVERED, None)


def test_what_it_did_not_write_of_never_left_and_is_queued_again(harness: WorkerHarness) -> None:
    half_sent(harness, "1", secret=SECRETS[1])
    assert settle(harness, opened(harness, 2, {SECRETS[0]: "3EB00"}), ended=1) == ()
    assert stands(harness, "1").status is S.QUEUED


def test_also_by_the_next_image_of_the_same_process(harness: WorkerHarness) -> None:
    half_sent(harness, "1", secret=SECRETS[1])
    settle(harness, opened(harness, 1, {SECRETS[0]: "3EB00"}), ended=1)
    assert stands(harness, "1").status is S.QUEUED


@pytest.mark.parametrize(
    ("epoch", "ended", "secret"),
    [(1, None, SECRETS[1]), (1, 2, SECRETS[1]), (0, 1, SECRETS[1]), (1, 1, None)],
    ids=[
        "its host was lost",
        "of another worker's end",
        "by a worker before the database's",
        "by one that had no secrets",
    ],
)
def test_where_nobody_can_tell_it_is_left_to_be_reported_as_unknown(
    harness: WorkerHarness, epoch: int, ended: int | None, secret: bytes | None
) -> None:
    before = half_sent(harness, "1", secret=secret, epoch=epoch)
    assert settle(harness, opened(harness, 2, {SECRETS[0]: "3EB00"}), ended=ended) == ()
    assert stands(harness, "1") == before
    assert harness.outside.dispatch.owed(harness.session.uid) == []
    assert (stands(harness, "1").status, stands(harness, "1").whatsapp_id) == (S.UNKNOWN, None)


def test_a_database_that_cannot_be_read_tells_nothing(harness: WorkerHarness, tmp_path: Path) -> None:
    before = half_sent(harness, "1", secret=SECRETS[1])
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 100)
    assert settle(harness, Opened(broken, linked=True, origin=1), ended=1) == ()
    no_table = Devices(harness.root).open(harness.session.uid, 2)
    assert settle(harness, no_table, ended=1) == ()
    assert stands(harness, "1") == before


def test_what_is_queued_or_settled_is_nobody_s_affair(harness: WorkerHarness) -> None:
    harness.outside.messages.put(a_message(uid=harness.session.uid, id="queued"))
    settle(harness, opened(harness, 2, {SECRETS[0]: "3EB00"}), ended=1)
    assert stands(harness, "queued").version == 0


def test_more_secrets_than_a_query_may_ask_for_are_all_found(tmp_path: Path) -> None:
    secrets = [number.to_bytes(32, "big") for number in range(AT_ONCE * 2 + 1)]
    write(tmp_path / "device.db", {secret: f"3EB{place}" for place, secret in enumerate(secrets)})
    assert ids_of(tmp_path / "device.db", secrets) == {secret: f"3EB{place}" for place, secret in enumerate(secrets)}
