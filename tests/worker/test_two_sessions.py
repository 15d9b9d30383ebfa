"""Two sessions in one worker process, each with the real client, against the loopback WhatsApp."""

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.lease import Order
from chalicelib.domain.messages import Direction, MessageStatus
from chalicelib.domain.ring import Ring
from chalicelib.domain.session import Session, Status
from chalicelib.domain.transitions import advance
from tests.makers import a_message, a_session
from tests.worker.outside import Bell, now
from tests.worker.processes import NUMBER, ProcessHarness, told

pytestmark = pytest.mark.subprocess


ANA, BEN = a_session().uid, "01JAVA0000000000000000000B"
BENS_NUMBER, FRIEND = "6281300000002", "628777000001"


class Bells(Bell):
    """A mailbox each, by its address."""

    def __init__(self) -> None:
        super().__init__()
        self.of = {ANA: Bell(), BEN: Bell()}

    def ring(self, mailbox: str = "mailbox") -> None:
        self.of[mailbox].ring()

    def wait(self, mailbox: str, seconds: float) -> dict[str, Ring]:
        return self.of[mailbox].wait(mailbox, seconds)

    def heard(self, mailbox: str, rings: Collection[str]) -> None:
        pass


def happen(harness: ProcessHarness, uid: str, event: e.LinkEvent) -> Session:
    while True:
        after = advance(stands(harness, uid), event, now=now(), event_id="")
        if harness.outside.sessions.move(after):
            return after


def stands(harness: ProcessHarness, uid: str) -> Session:
    session = harness.outside.sessions.get(uid)
    assert session
    return session


def order(harness: ProcessHarness, uid: str) -> Order:
    """Claim a session for the process."""
    happen(harness, uid, e.StartRequested())
    session = happen(harness, uid, e.WorkerClaimed(f"{uid}-1", uid, standby=False))
    return Order(f"{uid}-1", uid, session.tenant, session.id, uid, session.epoch)


def texts(harness: ProcessHarness, uid: str) -> list[str | None]:
    """What came in for a session."""
    rows = harness.outside.messages.rows.values()
    return [one.content.text for one in rows if one.uid == uid and one.direction is Direction.INBOUND]


def test_each_session_of_a_process_has_its_own_and_one_that_ends_leaves_the_other_alone(
    tmp_path: Path, device: Path
) -> None:
    async def story(harness: ProcessHarness) -> None:
        async def reaches(uid: str, status: Status) -> Session:
            await harness.until(lambda _: stands(harness, uid).status is status)
            return stands(harness, uid)

        harness.outside.sessions.create(a_session(id="ben", uid=BEN, created_at=now()))
        harness.outside.mailbox = bells = Bells()
        orders = [order(harness, uid) for uid in (ANA, BEN)]
        worker = await harness.run(
            orders[0], "tests.worker.two_sessions", ORDERS=json.dumps([asdict(o) for o in orders])
        )
        shown = (await reaches(BEN, Status.SCAN_QR)).qr
        assert shown
        assert (await harness.wa.scan(shown.code, number=BENS_NUMBER, name="Ben"))[0] == 200
        ana, ben = await reaches(ANA, Status.CONNECTED), await reaches(BEN, Status.CONNECTED)
        assert ana.device
        assert ben.device
        assert (ana.device.phone, ben.device.phone) == (NUMBER, BENS_NUMBER)

        # Each gets what is for it, and sends what it owes.
        assert (await harness.wa.post(f"phones/{FRIEND}", name="Bo"))[0] == 200
        await harness.wa.say(FRIEND, NUMBER, "for Ana")
        await harness.wa.say(FRIEND, BENS_NUMBER, "for Ben")
        await harness.until(lambda _: texts(harness, ANA) and texts(harness, BEN))
        assert (texts(harness, ANA), texts(harness, BEN)) == (["for Ana"], ["for Ben"])
        chat = f"{FRIEND}@s.whatsapp.net"
        for uid in (ANA, BEN):
            harness.outside.messages.put(
                a_message(
                    uid=uid, id="1", chat=chat, to=chat, sender=None, text=f"from {uid}", expires_at=now() + 60_000
                )
            )
            bells.ring(uid)
        sent = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}
        rows = harness.outside.messages.rows
        await harness.until(lambda _: all(rows[uid, "1"].status in sent for uid in (ANA, BEN)))

        # One is stopped; the other goes on.
        happen(harness, BEN, e.StopRequested())
        bells.ring(BEN)
        await reaches(BEN, Status.STOPPED)
        await harness.until(lambda _: harness.outside.leases.rows[BEN].released)
        assert stands(harness, ANA).status is Status.CONNECTED
        assert not harness.outside.leases.rows[ANA].released
        await harness.wa.say(FRIEND, NUMBER, "still there?")
        await harness.until(lambda _: len(texts(harness, ANA)) > 1)
        assert texts(harness, ANA) == ["for Ana", "still there?"]
        assert worker.returncode is None

        happen(harness, ANA, e.StopRequested())
        bells.ring(ANA)
        await reaches(ANA, Status.STOPPED)
        assert await harness.ended(worker) == 0

    told(tmp_path, story, device)
