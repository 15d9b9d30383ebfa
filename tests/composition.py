"""The tests' composition root: the app's services over ports in memory, named and joined as ``bootstrap`` does over AWS.

``stores`` is what the table holds; the other fields are what the services act on (tasks, mailboxes, sockets,
endpoints), the clock, and the settings. A service is made anew each time it is asked for, so that a field which a test
changes counts from then on; no service keeps a state of its own between calls, but for what waits have learnt.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from chalicelib.adapters.credentials import HmacHashes, SigningKeys
from chalicelib.adapters.names import named_id, new_entropy, new_ticket
from chalicelib.domain.limits import Quotas
from chalicelib.domain.messages import Direction
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.invitations import Invitations
from chalicelib.services.accounts.keys import ApiKeys, Tickets
from chalicelib.services.accounts.recognition import Recognition
from chalicelib.services.accounts.tenants import Tenants
from chalicelib.services.accounts.users import Administrators, Users
from chalicelib.services.control.reconciler import Reconciler
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.control.sweeper import Sweeper, Upgrades
from chalicelib.services.media import MediaLibrary
from chalicelib.services.messages.bulk import Bulk
from chalicelib.services.messages.chats import ChatList, Chats
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import FIRST_LOOK, Dispatch, Outbox
from chalicelib.services.messages.questions import Answering, Questions
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.signals import Signals
from chalicelib.services.messages.store import Inbox, Messages
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.ports import DueIndex, Metrics
from chalicelib.services.ports.accounts import Tokens
from chalicelib.services.reservations import Reservations
from chalicelib.services.sessions.linking import SessionLinking
from chalicelib.services.sessions.moves import Moves, WorkerReports
from chalicelib.services.sessions.running import Running
from chalicelib.services.sessions.sessions import Naming, Sessions
from chalicelib.services.sessions.single_session import SingleSession
from chalicelib.services.waiting import Experience, FirstLook, Waiting
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.distribution import Distribution
from chalicelib.services.watching.limits import WatcherLimits
from chalicelib.services.watching.push import Push
from chalicelib.services.watching.socketio import Conversation, Rooms, SocketIO
from chalicelib.services.watching.subscriptions import EventLog, Subscriptions
from chalicelib.services.watching.watching import Closing, History, Watching
from chalicelib.services.webhooks import Webhooks
from tests import fakes
from tests.fakes.accounts import (
    FakeKeySecrets,
    MemoryInvitations,
    MemoryKeys,
    MemoryLoginAttempts,
    MemoryTenants,
    MemoryTickets,
    MemoryUsers,
    PlainPasswords,
    PlainTokens,
)
from tests.fakes.channels import MemoryChannels
from tests.fakes.identities import MemoryIdentities
from tests.fakes.media import MemoryMedia, MemoryMediaFiles
from tests.fakes.places import MemoryPlaces
from tests.fakes.questions import MemoryQuestions
from tests.fakes.quotas import MemorySlots
from tests.fakes.sessions import MemorySituations
from tests.fakes.upgrades import LeasesByTime, MemoryUpgrades
from tests.makers import SECRET

SIGNING_KEY = "a signing key of thirty-two bytes or more"

SERVICES = (
    "accounts",
    "api_keys",
    "bulk",
    "chat_list",
    "chats",
    "event_log",
    "history",
    "invitations",
    "linking",
    "media",
    "messages",
    "naming",
    "single_session",
    "outbox",
    "push",
    "questions",
    "recognition",
    "reconciler",
    "reservations",
    "rooms",
    "sending",
    "sessions",
    "signals",
    "socketio",
    "subscriptions",
    "standbys",
    "sweeper",
    "tenants",
    "tickets",
    "users",
    "watching",
    "webhooks",
)
"""The services that ``bootstrap`` gives by these names."""


@dataclass
class Stores:
    """What the one table holds, each kind in memory."""

    sessions: fakes.MemorySessions = field(default_factory=fakes.MemorySessions)
    leases: fakes.MemoryLeases = field(default_factory=fakes.MemoryLeases)
    standbys: fakes.MemoryStandbys = field(default_factory=fakes.MemoryStandbys)
    slots: MemorySlots = field(default_factory=MemorySlots)
    watchers: fakes.MemoryWatchers = field(default_factory=fakes.MemoryWatchers)
    subscriptions: fakes.MemorySubscriptions = field(init=False)
    channels: MemoryChannels = field(default_factory=MemoryChannels)
    users: MemoryUsers = field(default_factory=MemoryUsers)
    tenants: MemoryTenants = field(default_factory=MemoryTenants)
    api_keys: MemoryKeys = field(default_factory=MemoryKeys)
    tickets: MemoryTickets = field(default_factory=MemoryTickets)
    invitations: MemoryInvitations = field(default_factory=MemoryInvitations)
    attempts: MemoryLoginAttempts = field(default_factory=MemoryLoginAttempts)
    messages: fakes.MemoryMessages = field(default_factory=fakes.MemoryMessages)
    chats: fakes.MemoryChats = field(default_factory=fakes.MemoryChats)
    media: MemoryMedia = field(default_factory=MemoryMedia)
    files: MemoryMediaFiles = field(default_factory=MemoryMediaFiles)
    identities: MemoryIdentities = field(default_factory=MemoryIdentities)
    questions: MemoryQuestions = field(default_factory=MemoryQuestions)
    idempotency: fakes.MemoryIdempotency = field(default_factory=fakes.MemoryIdempotency)
    paces: fakes.MemoryPaces = field(default_factory=fakes.MemoryPaces)
    """Of sends and of questions alike."""
    history: fakes.MemoryHistory = field(default_factory=fakes.MemoryHistory)
    upgrades: MemoryUpgrades = field(default_factory=MemoryUpgrades)

    @property
    def situations(self) -> MemorySituations:
        """Sessions with their leases and tenants, as they are now."""
        return MemorySituations(self.sessions, self.leases, self.tenants)

    def __post_init__(self) -> None:
        self.channels.watchers = self.watchers  # As in the table, where both are listed.
        self.subscriptions = fakes.MemorySubscriptions(self.watchers)
        self.history.chats = self.chats


@dataclass
class Rig:
    """A gateway in memory. Waiting moves the clock, and calls ``while_waiting``, where a test has others act."""

    stores: Stores = field(default_factory=Stores)
    clock: fakes.FakeClock = field(default_factory=fakes.FakeClock)
    new_id: fakes.FakeIds = field(default_factory=fakes.FakeIds)
    new_key: FakeKeySecrets = field(default_factory=FakeKeySecrets)
    workers: fakes.FakeWorkers = field(default_factory=fakes.FakeWorkers)
    mailboxes: fakes.FakeMailboxes = field(default_factory=fakes.FakeMailboxes)
    wakes: fakes.FakeWakes = field(default_factory=fakes.FakeWakes)
    passages: OrderedDict[tuple[str, Direction], int] = field(default_factory=OrderedDict)
    metrics: Metrics = field(default_factory=fakes.FakeMetrics)
    sockets: fakes.FakeSockets = field(default_factory=fakes.FakeSockets)
    pushes: fakes.FakePushes = field(default_factory=fakes.FakePushes)
    deliveries: fakes.MemoryDeliveries = field(default_factory=fakes.MemoryDeliveries)
    poster: fakes.FakePoster = field(default_factory=fakes.FakePoster)
    signing: dict[str, str] = field(default_factory=lambda: {"k1": SIGNING_KEY})
    """Keys that sign, by their ids; the first is the current one."""
    places: MemoryPlaces = field(default_factory=lambda: MemoryPlaces(1000))
    codes: Experience = field(default_factory=Experience)
    tokens: Tokens = field(init=False)
    due_index: DueIndex = field(init=False)
    while_waiting: Callable[[], None] = lambda: None

    # The settings, by the names that they have in ``config``.
    quotas: Quotas = field(default_factory=Quotas)
    watchers_per_session: int = 100
    watchers_per_tenant: int = 1000
    arrivals_per_minute: int = 100
    told_at_once: int = 25
    standby_min: int = 0
    standby_max: int = 0
    worker_task: str = "worker:2"
    spot_fallback: bool = True
    upgrades_per_minute: int = 10
    allow_anonymous: bool = False

    def __post_init__(self) -> None:
        self.tokens = PlainTokens(self.clock)
        self.due_index = LeasesByTime(self.stores.leases)

    def sleep(self, seconds: float) -> None:
        """Move the clock, and let others act."""
        self.clock.sleep(seconds)
        self.while_waiting()

    # What other services are made of.

    @property
    def moves(self) -> Moves:
        return Moves(self.stores.sessions, self.clock, self.new_id)

    @property
    def running(self) -> Running:
        return Running(self.stores.slots, self.stores.sessions, self.clock, self.quotas.workers)

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.stores.sessions, self.clock, self.sleep, self.codes)

    @property
    def dispatch(self) -> Dispatch:
        return Dispatch(self.stores.messages, self.stores.chats, self.clock, self.new_id)

    @property
    def unsent(self) -> Unsent:
        messages = self.stores.messages
        return Unsent(messages, self.stores.sessions, messages, self.dispatch, self.clock)

    @property
    def identities(self) -> Identities:
        return Identities(self.stores.identities, self.clock)

    @property
    def closing(self) -> Closing:
        return Closing(self.stores.watchers, self.sockets, self.channels)

    @property
    def limits(self) -> WatcherLimits:
        return WatcherLimits(self.stores.watchers, self.clock, self.watchers_per_session, self.watchers_per_tenant)

    # What owners of sessions ask for.

    @property
    def sessions(self) -> Sessions:
        return Sessions(
            self.stores.sessions,
            self.moves,
            self.waiting,
            self.clock,
            self.new_id,
            lambda: SECRET,
            self.unsent,
            self.running,
            self.mailboxes,
            self.quotas.sessions,
        )

    @property
    def single_session(self) -> SingleSession:
        return SingleSession(self.sessions, self.clock)

    @property
    def naming(self) -> Naming:
        return Naming(self.stores.sessions)

    @cached_property
    def first_look(self) -> FirstLook:
        return FirstLook(FIRST_LOOK)

    @property
    def outbox(self) -> Outbox:
        stores = self.stores
        return Outbox(
            stores.sessions,
            stores.messages,
            stores.idempotency,
            stores.paces,
            self.mailboxes,
            self.clock,
            self.sleep,
            self.new_id,
            self.first_look,
        )

    @property
    def bulk(self) -> Bulk:
        return Bulk(self.outbox, self.stores.idempotency, self.clock, self.sleep)

    @property
    def messages(self) -> Messages:
        stores = self.stores
        return Messages(stores.sessions, stores.messages, stores.chats, stores.media, self.identities, self.clock)

    @property
    def sending(self) -> Sending:
        return Sending(self.outbox, self.messages, self.media)

    @property
    def media(self) -> MediaLibrary:
        stores = self.stores
        return MediaLibrary(
            stores.sessions, stores.media, stores.files, stores.paces, self.clock, self.sleep, self.new_id
        )

    @property
    def signals(self) -> Signals:
        return Signals(self.questions, self.messages, self.chats)

    @property
    def chats(self) -> Chats:
        return Chats(self.stores.chats, self.stores.messages, self.identities, self.clock, self.passages)

    @property
    def chat_list(self) -> ChatList:
        return ChatList(self.stores.sessions, self.stores.chats, self.messages, self.clock)

    @property
    def questions(self) -> Questions:
        stores = self.stores
        return Questions(
            stores.sessions,
            stores.questions,
            stores.paces,
            stores.paces,
            self.mailboxes,
            self.clock,
            self.sleep,
            self.new_id,
        )

    @property
    def linking(self) -> SessionLinking:
        return SessionLinking(self.sessions, self.questions, self.clock)

    # What a worker works with.

    @property
    def reports(self) -> WorkerReports:
        return WorkerReports(self.moves)

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.stores.messages, self.clock, named_id, self.identities)

    @property
    def answering(self) -> Answering:
        return Answering(self.stores.questions, self.clock)

    # Who may do what.

    @property
    def accounts(self) -> Accounts:
        stores = self.stores
        return Accounts(
            stores.users,
            stores.tenants,
            stores.attempts,
            PlainPasswords(),
            self.tokens,
            self.closing,
            self.clock,
            self.allow_anonymous,
        )

    @property
    def api_keys(self) -> ApiKeys:
        stores = self.stores
        return ApiKeys(
            stores.api_keys, stores.users, self.closing, self.clock, self.new_id, self.new_key, self.quotas.keys
        )

    @cached_property
    def recognition(self) -> Recognition:
        return Recognition(self.clock)

    @property
    def tickets(self) -> Tickets:
        return Tickets(
            self.stores.tickets,
            self.accounts,
            self.api_keys,
            self.invitations,
            self.clock,
            new_ticket,
            self.quotas.tickets,
        )

    @property
    def invitations(self) -> Invitations:
        stores = self.stores
        return Invitations(
            stores.invitations,
            self.sessions,
            stores.tenants,
            stores.users,
            stores.api_keys,
            self.closing,
            self.clock,
            self.new_id,
            new_entropy,
        )

    @property
    def users(self) -> Users:
        stores = self.stores
        return Users(
            stores.users,
            stores.tenants,
            Administrators(stores.tenants),
            self.api_keys,
            self.closing,
            PlainPasswords(),
            stores.attempts,
            self.clock,
            self.quotas.users,
        )

    @property
    def tenants(self) -> Tenants:
        return Tenants(self.stores.tenants, self.users, self.stores.sessions, self.moves, self.clock)

    @property
    def reservations(self) -> Reservations:
        keys = SigningKeys(next(iter(self.signing)), self.signing)
        return Reservations(self.stores.idempotency, HmacHashes(lambda: keys), self.clock, self.new_id)

    # What runs behind the calls.

    @property
    def standbys(self) -> Standbys:
        return Standbys(
            self.stores.standbys,
            self.workers,
            self.mailboxes,
            self.clock,
            self.new_id,
            self.standby_min,
            self.standby_max,
            self.worker_task,
            self.spot_fallback,
            self.metrics,
        )

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            self.stores.sessions,
            self.stores.situations,
            self.stores.tenants,
            self.stores.leases,
            self.moves,
            self.workers,
            self.mailboxes,
            self.standbys,
            self.wakes,
            self.running,
            self.clock,
            self.worker_task,
            self.spot_fallback,
            self.unsent,
            self.stores.files,
            self.metrics,
        )

    @property
    def upgrades(self) -> Upgrades:
        return Upgrades(
            self.stores.upgrades,
            self.due_index,
            self.reconciler,
            self.standbys,
            self.clock,
            self.worker_task,
            self.upgrades_per_minute,
        )

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(
            self.due_index, self.reconciler, self.standbys, self.upgrades, self.clock, self.unsent, self.metrics
        )

    @property
    def history(self) -> History:
        return History(self.stores.history)

    @property
    def webhooks(self) -> Webhooks:
        stores = self.stores
        return Webhooks(
            stores.sessions,
            fakes.MemoryDeliverySource(stores.sessions, stores.history, stores.messages),
            stores.watchers,
            self.deliveries,
            self.poster,
            self.moves,
            self.clock,
            began=0,
        )

    @property
    def distribution(self) -> Distribution:
        return Distribution(History(self.stores.history), self.chats, self.push, self.webhooks, self.clock)

    # What tells watchers.

    @property
    def watching(self) -> Watching:
        return Watching(
            self.stores.sessions,
            self.stores.watchers,
            self.sockets,
            self.wakes,
            self.clock,
            self.limits,
            self.subscriptions,
        )

    @property
    def event_log(self) -> EventLog:
        return EventLog(self.stores.sessions, self.stores.history, self.stores.messages)

    @property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(
            self.stores.sessions,
            self.stores.watchers,
            self.stores.subscriptions,
            self.stores.history,
            self.event_log,
            self.sockets,
            self.wakes,
            self.clock,
            self.limits,
        )

    @property
    def push(self) -> Push:
        return Push(
            self.stores.sessions,
            self.stores.watchers,
            self.sockets,
            self.wakes,
            self.rooms,
            self.clock,
            self.stores.history,
            self.stores.messages,
            self.pushes,
            self.subscriptions,
            self.told_at_once,
        )

    @property
    def channels(self) -> Channels:
        return Channels(self.stores.channels, self.sockets, self.wakes, self.clock, self.sleep, self.new_id)

    @property
    def rooms(self) -> Rooms:
        stores = self.stores
        return Rooms(
            self.channels, stores.channels, stores.sessions, stores.watchers, self.wakes, self.clock, self.limits
        )

    @property
    def socketio(self) -> SocketIO:
        conversation = Conversation(self.channels, self.rooms, self.clock, self.limits)
        return SocketIO(
            self.channels, self.stores.channels, conversation, self.wakes, self.clock, self.arrivals_per_minute
        )
