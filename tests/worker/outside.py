"""What is outside of a worker's process, served to it over a socket: the ports in memory, and a mailbox."""

import os
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from multiprocessing.managers import BaseManager

from chalicelib.adapters.links import HttpLinks
from chalicelib.adapters.names import named_id
from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.domain.events import LinkEvent
from chalicelib.domain.ring import ANYTHING, Ring
from chalicelib.domain.session import Session
from chalicelib.services.sessions.moves import WorkerReports
from chalicelib.services.worker import WorkerMedia, WorkerServices
from tests.composition import Rig, Stores
from tests.fakes import MachineClock, MemoryLeases, MemoryMessages, MemorySessions, MemoryStandbys
from tests.fakes.accounts import MemoryTenants
from tests.fakes.identities import MemoryIdentities
from tests.fakes.media import MemoryMedia, MemoryMediaFiles
from tests.fakes.questions import MemoryQuestions
from tests.fakes.sessions import MemorySituations

KEY = b"only for tests"
ADDRESS = "TEST_OUTSIDE"
NAMES = (
    "sessions",
    "situations",
    "tenants",
    "leases",
    "standbys",
    "mailbox",
    "reports",
    "dispatch",
    "answering",
    "inbox",
    "identities",
)


def now() -> int:
    return time.time_ns() // 1_000_000


class Bell:
    """Mailbox: a ring wakes whoever waits; rings before that aren't lost."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self, mailbox: str = "mailbox") -> None:
        self._rung.set()

    def wait(self, mailbox: str, seconds: float) -> dict[str, Ring]:
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return {"receipt": ANYTHING} if rung else {}

    def heard(self, mailbox: str, rings: Collection[str]) -> None:
        pass


class Remembered:
    """A worker's reports over the stores, remembered; a test may put something else in a method's place."""

    def __init__(self, reports: WorkerReports) -> None:
        self._reports = reports
        self.heard: list[LinkEvent] = []

    def report(self, event: LinkEvent, *, uid: str, worker: str, epoch: int, known: Session | None = None) -> Session:
        self.heard.append(event)
        return self._reports.report(event, uid=uid, worker=worker, epoch=epoch, known=known)

    def report_scan_ended(self, *, uid: str, worker: str, epoch: int) -> Session:
        return self._reports.report_scan_ended(uid=uid, worker=worker, epoch=epoch)


@dataclass
class Outside:
    """A worker's services over stores in memory, here or in another process."""

    sessions: MemorySessions = field(default_factory=MemorySessions)
    tenants: MemoryTenants = field(default_factory=MemoryTenants)
    leases: MemoryLeases = field(default_factory=MemoryLeases)
    standbys: MemoryStandbys = field(default_factory=MemoryStandbys)
    mailbox: Bell = field(default_factory=Bell)
    messages: MemoryMessages = field(default_factory=MemoryMessages)
    questions: MemoryQuestions = field(default_factory=MemoryQuestions)
    people: MemoryIdentities = field(default_factory=MemoryIdentities)
    dialer: ProxyDialer = field(default_factory=lambda: ProxyDialer(local=True))
    media: WorkerMedia = field(default_factory=lambda: no_media())  # noqa: PLW0108 - it is defined below
    clock: Callable[[], int] = now

    def __post_init__(self) -> None:
        stores = Stores(
            sessions=self.sessions,
            leases=self.leases,
            standbys=self.standbys,
            messages=self.messages,
            questions=self.questions,
            identities=self.people,
        )
        self.situations = MemorySituations(self.sessions, self.leases, self.tenants)
        rig = Rig(stores, MachineClock())
        self.reports = Remembered(rig.reports)
        self.dispatch, self.answering = rig.dispatch, rig.answering
        self.identities, self.inbox = rig.identities, rig.inbox

    @property
    def services(self) -> WorkerServices:
        """The services as they are now; what a test puts in the place of one afterwards isn't seen."""
        return WorkerServices(**{name: getattr(self, name) for name in (*NAMES, "dialer", "media", "clock")})

    def serve(self) -> str:
        """Serve the services to processes; return the address that goes into their environment."""

        class Manager(BaseManager):
            pass

        for name in NAMES:
            Manager.register(name, callable=lambda name=name: getattr(self, name))
        server = Manager(address=("127.0.0.1", 0), authkey=KEY).get_server()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert isinstance(server.address, tuple)
        host, port = server.address
        return f"{host}:{port}"


def services() -> WorkerServices:
    """Reach the services that the process's environment names."""

    class Manager(BaseManager):
        pass

    for name in NAMES:
        Manager.register(name)
    host, _, port = os.environ[ADDRESS].partition(":")
    manager = Manager(address=(host, int(port)), authkey=KEY)
    manager.connect()
    return WorkerServices(
        **{name: getattr(manager, name)() for name in NAMES},
        dialer=ProxyDialer(local=True),
        media=no_media(),
        clock=now,
    )


def no_media() -> WorkerMedia:
    """Files of this process alone."""
    return WorkerMedia(MemoryMedia(), MemoryMediaFiles(), HttpLinks(local=True), named_id, now)
