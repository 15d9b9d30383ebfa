"""The services joined to fakes, as bootstrap joins them to adapters."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.adapters.credentials import KeyedSeals, SigningKeys
from chalicelib.domain.limits import Quotas
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.keys import ApiKeys
from chalicelib.services.accounts.tenants import Tenants
from chalicelib.services.accounts.users import Administrators, Users
from chalicelib.services.control.reconciler import Reconciler
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Dispatch, Outbox
from chalicelib.services.messages.store import Inbox, Messages
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.reservations import Reservations
from chalicelib.services.sessions.moves import Link, Moves
from chalicelib.services.sessions.running import Running
from chalicelib.services.sessions.sessions import Sessions
from chalicelib.services.sessions.waiting import Waiting
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.push import Push
from chalicelib.services.watching.socketio import Conversation, Rooms, SocketIO
from chalicelib.services.watching.watching import Closing, WatcherLimits, Watching
from chalicelib.services.webhooks import Webhooks
from tests import fakes
from tests.fakes import accounts as account_fakes
from tests.fakes.channels import MemoryChannels
from tests.fakes.identities import MemoryIdentities
from tests.fakes.quotas import MemorySlots
from tests.makers import SECRET


@dataclass
class Rig:
    clock: fakes.FakeClock = field(default_factory=fakes.FakeClock)
    new_id: fakes.FakeIds = field(default_factory=fakes.FakeIds)
    store: fakes.MemorySessions = field(default_factory=fakes.MemorySessions)
    leases: fakes.MemoryLeases = field(default_factory=fakes.MemoryLeases)
    workers: fakes.FakeWorkers = field(default_factory=fakes.FakeWorkers)
    mailboxes: fakes.FakeMailboxes = field(default_factory=fakes.FakeMailboxes)
    wakes: fakes.FakeWakes = field(default_factory=fakes.FakeWakes)
    pool: fakes.MemoryStandbys = field(default_factory=fakes.MemoryStandbys)
    watchers: fakes.MemoryWatchers = field(default_factory=fakes.MemoryWatchers)
    sockets: fakes.FakeSockets = field(default_factory=fakes.FakeSockets)
    users: account_fakes.MemoryUsers = field(default_factory=account_fakes.MemoryUsers)
    tenants: account_fakes.MemoryTenants = field(default_factory=account_fakes.MemoryTenants)
    api_keys: account_fakes.MemoryKeys = field(default_factory=account_fakes.MemoryKeys)
    new_key: account_fakes.FakeKeySecrets = field(default_factory=account_fakes.FakeKeySecrets)
    attempts: account_fakes.MemoryLoginAttempts = field(default_factory=account_fakes.MemoryLoginAttempts)
    messages: fakes.MemoryMessages = field(default_factory=fakes.MemoryMessages)
    keys: fakes.MemoryIdempotency = field(default_factory=fakes.MemoryIdempotency)
    signing: dict[str, str] = field(default_factory=lambda: {"k1": "a signing key of thirty-two bytes or more"})
    people_known: MemoryIdentities = field(default_factory=MemoryIdentities)
    paces: fakes.MemoryPaces = field(default_factory=fakes.MemoryPaces)
    history: fakes.MemoryHistory = field(default_factory=fakes.MemoryHistory)
    deliveries: fakes.MemoryDeliveries = field(default_factory=fakes.MemoryDeliveries)
    poster: fakes.FakePoster = field(default_factory=fakes.FakePoster)
    kept_channels: MemoryChannels | None = None
    most_arrivals: int = 100
    per_session: int = 100
    per_tenant: int = 1000
    told_at_once: int = 25
    pushes: fakes.FakePushes = field(default_factory=fakes.FakePushes)
    quotas: Quotas = field(default_factory=Quotas)
    slots: MemorySlots = field(default_factory=MemorySlots)
    standby_count: int = 0
    task: str = "worker:2"
    falls_back: bool = True
    allow_anonymous: bool = False
    while_waiting: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        """Move the clock, and let the world go on."""
        self.clock.sleep(seconds)
        self.while_waiting()

    @property
    def moves(self) -> Moves:
        return Moves(self.store, self.clock, self.new_id)

    @property
    def running(self) -> Running:
        return Running(self.slots, self.store, self.clock, self.quotas.workers)

    @property
    def link(self) -> Link:
        return Link(self.moves)

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.store, self.clock, self.clock.sleep)

    @property
    def sessions(self) -> Sessions:
        return Sessions(
            self.store,
            self.moves,
            self.waiting,
            self.clock,
            self.new_id,
            lambda: SECRET,
            self.unsent,
            self.running,
            self.quotas.sessions,
        )

    @property
    def outbox(self) -> Outbox:
        return Outbox(
            self.store, self.messages, self.keys, self.paces, self.mailboxes, self.clock, self.sleep, self.new_id
        )

    @property
    def reservations(self) -> Reservations:
        signing = SigningKeys(next(iter(self.signing)), self.signing)
        return Reservations(self.keys, KeyedSeals(lambda: signing), self.clock, self.new_id)

    @property
    def dispatch(self) -> Dispatch:
        return Dispatch(self.messages, self.clock, self.new_id)

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.messages, self.clock, lambda at, entropy: f"{at:012x}{entropy.hex()}", self.identities)

    @property
    def identities(self) -> Identities:
        return Identities(self.people_known, self.clock)

    @property
    def reading(self) -> Messages:
        return Messages(self.store, self.messages, self.identities, self.clock)

    @property
    def standbys(self) -> Standbys:
        return Standbys(
            self.pool,
            self.workers,
            self.mailboxes,
            self.clock,
            self.new_id,
            self.standby_count,
            self.task,
            self.falls_back,
        )

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            self.store,
            self.tenants,
            self.leases,
            self.moves,
            self.workers,
            self.mailboxes,
            self.standbys,
            self.wakes,
            self.running,
            self.clock,
            self.task,
            self.falls_back,
            self.unsent,
        )

    @property
    def unsent(self) -> Unsent:
        return Unsent(self.messages, self.store, self.messages, self.dispatch, self.clock)

    @property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.store, self.history, self.messages, self.deliveries, self.poster, self.moves, self.clock)

    @property
    def watching(self) -> Watching:
        return Watching(self.store, self.watchers, self.sockets, self.wakes, self.clock, self.limits)

    @property
    def push(self) -> Push:
        return Push(
            self.store,
            self.watchers,
            self.sockets,
            self.wakes,
            self.rooms,
            self.clock,
            self.history,
            self.messages,
            self.pushes,
            self.told_at_once,
        )

    @property
    def channels(self) -> Channels:
        return Channels(self.channel_store, self.sockets, self.wakes, self.clock, self.sleep, self.new_id)

    @property
    def rooms(self) -> Rooms:
        return Rooms(self.channels, self.channel_store, self.store, self.watchers, self.wakes, self.clock, self.limits)

    @property
    def limits(self) -> WatcherLimits:
        return WatcherLimits(self.watchers, self.clock, self.per_session, self.per_tenant)

    @property
    def socketio(self) -> SocketIO:
        conversation = Conversation(self.channels, self.rooms, self.clock, self.limits)
        return SocketIO(self.channels, self.channel_store, conversation, self.wakes, self.clock, self.most_arrivals)

    @property
    def channel_store(self) -> MemoryChannels:
        if self.kept_channels is None:
            self.kept_channels = MemoryChannels(self.watchers)
        return self.kept_channels

    @property
    def accounts(self) -> Accounts:
        return Accounts(
            self.users,
            self.tenants,
            self.attempts,
            account_fakes.PlainPasswords(),
            account_fakes.PlainTokens(self.clock),
            self.closing,
            self.clock,
            self.allow_anonymous,
        )

    @property
    def closing(self) -> Closing:
        return Closing(self.watchers, self.sockets, self.channels)

    @property
    def keeper(self) -> ApiKeys:
        return ApiKeys(self.api_keys, self.users, self.closing, self.clock, self.new_id, self.new_key, self.quotas.keys)

    @property
    def people(self) -> Users:
        return Users(
            self.users,
            self.tenants,
            Administrators(self.tenants),
            self.keeper,
            self.closing,
            account_fakes.PlainPasswords(),
            self.attempts,
            self.clock,
            self.quotas.users,
        )

    @property
    def operators(self) -> Tenants:
        return Tenants(self.tenants, self.people, self.store, self.moves, self.clock)
