"""Two sessions in one worker process, each with the real client, against the loopback WhatsApp."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from chalicelib.domain import events as e
from chalicelib.domain.messages import Direction, MessageStatus
from chalicelib.domain.order import Order
from chalicelib.domain.session import Session, Status
from chalicelib.domain.transitions import advance
from tests.makers import a_message, a_session
from tests.worker.outside import Bell, now
from tests.worker.workers import NUMBER, Stage, told

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

    def wait(self, mailbox: str, seconds: float) -> list[str]:
        return self.of[mailbox].wait(mailbox, seconds)

    def heard(self, mailbox: str, rings: Sequence[str]) -> None:
        pass


def happen(stage: Stage, uid: str, event: e.LinkEvent) -> Session:
    while True:
        after = advance(stands(stage, uid), event, now=now(), event_id="")
        if stage.outside.sessions.move(after):
            return after


def stands(stage: Stage, uid: str) -> Session:
    session = stage.outside.sessions.get(uid)
    assert session
    return session


def order(stage: Stage, uid: str) -> Order:
    """Claim a session for the process."""
    happen(stage, uid, e.StartRequested())
    session = happen(stage, uid, e.WorkerClaimed(f"{uid}-1", uid, standby=False))
    return Order(f"{uid}-1", uid, session.tenant, session.id, uid, session.epoch)


def texts(stage: Stage, uid: str) -> list[str | None]:
    """What came in for a session."""
    rows = stage.outside.messages.rows.values()
    return [one.content.text for one in rows if one.uid == uid and one.direction is Direction.INBOUND]


def test_each_session_of_a_process_has_its_own_and_one_that_ends_leaves_the_other_alone(
    tmp_path: Path, device: Path
) -> None:
    async def story(stage: Stage) -> None:
        async def reaches(uid: str, status: Status) -> Session:
            await stage.until(lambda _: stands(stage, uid).status is status)
            return stands(stage, uid)

        stage.outside.sessions.create(a_session(id="ben", uid=BEN, created_at=now()))
        stage.outside.mailbox = bells = Bells()
        orders = [order(stage, uid) for uid in (ANA, BEN)]
        worker = await stage.run(orders[0], "tests.worker.two_sessions", ORDERS=json.dumps([asdict(o) for o in orders]))
        shown = (await reaches(BEN, Status.SCAN_QR)).qr
        assert shown
        assert (await stage.wa.scan(shown.code, number=BENS_NUMBER, name="Ben"))[0] == 200
        ana, ben = await reaches(ANA, Status.CONNECTED), await reaches(BEN, Status.CONNECTED)
        assert ana.device
        assert ben.device
        assert (ana.device.phone, ben.device.phone) == (NUMBER, BENS_NUMBER)

        # Each gets what is for it, and sends what it owes.
        assert (await stage.wa.post(f"phones/{FRIEND}", name="Bo"))[0] == 200
        await stage.wa.say(FRIEND, NUMBER, "for Ana")
        await stage.wa.say(FRIEND, BENS_NUMBER, "for Ben")
        await stage.until(lambda _: texts(stage, ANA) and texts(stage, BEN))
        assert (texts(stage, ANA), texts(stage, BEN)) == (["for Ana"], ["for Ben"])
        chat = f"{FRIEND}@s.whatsapp.net"
        for uid in (ANA, BEN):
            stage.outside.messages.put(
                a_message(
                    uid=uid, id="1", chat=chat, to=chat, sender=None, text=f"from {uid}", expires_at=now() + 60_000
                )
            )
            bells.ring(uid)
        sent = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}
        rows = stage.outside.messages.rows
        await stage.until(lambda _: all(rows[uid, "1"].status in sent for uid in (ANA, BEN)))

        # One is stopped; the other goes on.
        happen(stage, BEN, e.StopRequested())
        bells.ring(BEN)
        await reaches(BEN, Status.STOPPED)
        await stage.until(lambda _: stage.outside.leases.rows[BEN].released)
        assert stands(stage, ANA).status is Status.CONNECTED
        assert not stage.outside.leases.rows[ANA].released
        await stage.wa.say(FRIEND, NUMBER, "still there?")
        await stage.until(lambda _: len(texts(stage, ANA)) > 1)
        assert texts(stage, ANA) == ["for Ana", "still there?"]
        assert worker.returncode is None

        happen(stage, ANA, e.StopRequested())
        bells.ring(ANA)
        await reaches(ANA, Status.STOPPED)
        assert await stage.ended(worker) == 0

    told(tmp_path, story, device)
