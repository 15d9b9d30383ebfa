"""Whatever happens to workers and to their requests, never are two of them connected as one device.

A history is made up of claims at any time, tasks that are started twice, requests that are refused, whose answers get
lost, or that arrive long after their sender has given them up, and workers whose leases run out and who come back.
What isn't in it is a process that is frozen: no clock of its own ends that one (see ``service.comes_back``).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.lease import GRACE, Lease, Order, SessionClaim, fenced_in
from chalicelib.services.ports import Unavailable
from chalicelib.services.worker import WorkerServices
from chalicelib.worker.handover import Handover
from chalicelib.worker.session import lease as holding
from chalicelib.worker.session.lease import LeaseKeeper, acquire, renew
from chalicelib.worker.waiting import EventQueue
from tests.fakes import MemoryLeases
from tests.worker.outside import Outside

UID = "uid"
BEGINS = 1_000_000
"""Milliseconds; the clocks of the processes are off by some."""


class Fate(StrEnum):
    """What becomes of a request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    ANSWER_LOST = "answer lost"
    LATE = "late"


class NotYet(Exception):
    """A try for the lease was in vain."""


class OneTry(EventQueue):
    """Has whoever waits come back another time."""

    def pause(self, seconds: float) -> None:
        raise NotYet


@dataclass
class Network(MemoryLeases):
    """The way of one worker's next request to the table."""

    table: MemoryLeases = field(default_factory=MemoryLeases)
    fate: Fate = Fate.ANSWERED
    under_way: list[Callable[[], object]] = field(default_factory=list)

    def _send(self, request: Callable[[], Any], late: Callable[[], object]) -> Any:
        match self.fate:
            case Fate.ANSWERED:
                return request()
            case Fate.ANSWER_LOST:
                request()
            case Fate.LATE:
                self.under_way.append(late)
        raise Unavailable

    def acquire(self, lease: Lease, *, now: int) -> tuple[bool, Lease | None]:
        before = self.table.get(lease.uid)

        def late() -> None:
            # The write is on condition that the lease stands as it was read.
            admitted = before is None or before.admits(epoch=lease.epoch, now=now)
            if admitted and self.table.get(lease.uid) == before:
                self.table.rows[lease.uid] = lease

        answer: tuple[bool, Lease | None] = self._send(lambda: self.table.acquire(lease, now=now), late)
        return answer

    def renew(self, lease: Lease) -> bool:
        return bool(self._send(lambda: self.table.renew(lease), lambda: self.table.renew(lease)))


@dataclass
class Process:
    """A worker's process; connected is who serves and whose image hasn't ended."""

    world: "World"
    epoch: int
    clock_is_off: int
    holder: int = 0
    lapsed: bool = False
    ended: bool = False
    keeper: LeaseKeeper | None = None

    def __post_init__(self) -> None:
        self.claim = SessionClaim(UID, f"w-{self.epoch}", self.epoch)
        self.network = Network(table=self.world.table, under_way=self.world.under_way)
        self.services: WorkerServices = replace(
            Outside().services, leases=self.network, clock=lambda: self.world.now + self.clock_is_off
        )

    @property
    def connected(self) -> bool:
        return self.keeper is not None and fenced_in(self.keeper.renewed, self.world.now) > 0

    def watch(self) -> None:
        """Do what the watching thread does all the time."""
        if self.keeper:
            self.keeper.check()

    def try_to_acquire(self, fate: Fate) -> None:
        if self.ended or self.keeper:
            return
        self.network.fate = fate
        order = Order(self.claim.worker, "mailbox", "default", "ana", UID, self.epoch)
        try:
            held = acquire(Handover(order, lapsed=self.lapsed, holder=self.holder), self.claim, self.services, OneTry())
        except NotYet:
            return
        if held is None or self.epoch != self.world.epoch:
            if held:
                self.world.table.release(UID, worker=self.claim.worker, epoch=self.epoch)
            self.ended = True
            return
        assert held.renewed is not None
        self.holder = held.holder
        self.keeper = LeaseKeeper(
            lambda: renew(self.claim, self.services, holder=held.holder),
            renewed=held.renewed,
            lapse=self.lapse,
            monotonic=lambda: self.world.now,
            die=self.die,
        )

    def try_to_renew(self, fate: Fate) -> None:
        if self.keeper:
            self.network.fate = fate
            self.keeper.renew()

    def look(self) -> None:
        """Look whether the claim is in force."""
        if self.keeper and self.epoch != self.world.epoch:
            self.keeper = None
            self.ended = True
            self.world.table.release(UID, worker=self.claim.worker, epoch=self.epoch)

    def lapse(self) -> None:
        self.keeper, self.lapsed = None, True

    def die(self) -> None:
        self.keeper, self.ended = None, True


@dataclass
class World:
    """A session's claims, its table, and all processes that were ever started for it."""

    now: int = BEGINS
    epoch: int = 0
    table: MemoryLeases = field(default_factory=MemoryLeases)
    under_way: list[Callable[[], object]] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    def start(self, clock_is_off: int, *, claim: bool) -> None:
        self.epoch += claim or not self.epoch
        self.processes.append(Process(self, self.epoch, clock_is_off))

    def go(self, turn: "Turn") -> Iterator[None]:
        """Take a turn, and stop after each thing in it that happens."""
        self.now += turn.after
        for process in self.processes:
            process.watch()
        if turn.starts:
            self.start(turn.clock_is_off, claim=turn.starts == "claim")
        if turn.arrives is not None and self.under_way:
            self.under_way.pop(turn.arrives % len(self.under_way))()
        yield
        for number, process in enumerate(self.processes):
            fate = turn.fates[number % len(turn.fates)]
            if process.keeper is None:
                process.try_to_acquire(fate)
            elif turn.look:
                process.look()
            else:
                process.try_to_renew(fate)
            yield


@dataclass(frozen=True)
class Turn:
    """What happens next, ``after`` so many milliseconds; each worker does what is its own to do, with one of the fates.

    ``starts`` is "claim" for a worker of a new claim, "again" for another one of the claim in force, "" for nobody.
    ``arrives`` names one of the late requests.
    """

    after: int
    fates: Sequence[Fate]
    starts: str
    clock_is_off: int
    arrives: int | None
    look: bool


@contextmanager
def clock(world: World) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(holding, "monotonic", lambda: world.now)
        yield


fates = st.sampled_from((Fate.ANSWERED, *Fate))
skews = st.sampled_from((-GRACE // 2, 0, GRACE // 2))
turns = st.builds(
    Turn,
    after=st.sampled_from((0, 1_000, 10_000, 20_000, 30_000)) | st.integers(0, 36_000),
    fates=st.lists(fates, min_size=1, max_size=3),
    starts=st.sampled_from(("", "", "", "claim", "again")),
    clock_is_off=skews,
    arrives=st.none() | st.integers(0, 5),
    look=st.booleans(),
)


@settings(max_examples=400)
@given(skews, st.lists(turns, min_size=12, max_size=40))
def test_whatever_happens_never_are_two_workers_connected(clock_is_off: int, history: Sequence[Turn]) -> None:
    world = World()
    world.start(clock_is_off, claim=True)
    with clock(world):
        for turn in history:
            for _ in world.go(turn):
                connected = [process.epoch for process in world.processes if process.connected]
                assert len(connected) <= 1, connected


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from((Fate.REFUSED, Fate.ANSWER_LOST, Fate.LATE)))))
def test_a_worker_that_nobody_replaced_has_its_claim_again_as_soon_as_aws_answers(
    trouble: Sequence[tuple[int, Fate]],
) -> None:
    world = World()
    world.start(0, claim=True)
    (worker,) = world.processes
    with clock(world):
        worker.try_to_acquire(Fate.ANSWERED)
        for after, fate in trouble:
            for _ in world.go(Turn(after, (fate,), starts="", clock_is_off=0, arrives=None, look=False)):
                assert not worker.ended
        worker.try_to_acquire(Fate.ANSWERED)
        worker.try_to_renew(Fate.ANSWERED)
        assert worker.connected
