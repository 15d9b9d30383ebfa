"""The app's doors over services in memory; tokens are real."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from chalice.test import Client

from chalicelib import bootstrap
from chalicelib.adapters.credentials import ALGORITHM, AUDIENCE, ISSUER, JwtTokens, KeyedSeals, SigningKeys
from chalicelib.adapters.names import new_ticket
from chalicelib.domain.access import DEFAULT_TENANT, ApiKey, Role, Tenant, User, fingerprint
from chalicelib.domain.limits import Quotas
from chalicelib.domain.session import Session
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.keys import ApiKeys, Tickets
from chalicelib.services.accounts.tenants import Tenants
from chalicelib.services.accounts.users import Administrators, Users
from chalicelib.services.messages.bulk import Bulk
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import Dispatch, Outbox
from chalicelib.services.messages.questions import Answering, Questions
from chalicelib.services.messages.store import Messages
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.reservations import Reservations
from chalicelib.services.sessions.moves import Moves
from chalicelib.services.sessions.running import Running
from chalicelib.services.sessions.sessions import Naming, Sessions
from chalicelib.services.sessions.single_session import OnlySession
from chalicelib.services.sessions.waiting import Waiting
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.socketio import Conversation, Rooms, SocketIO
from chalicelib.services.watching.watching import Closing, WatcherLimits, Watching
from tests.api.described import conforms
from tests.fakes import (
    FakeClock,
    FakeIds,
    FakeMailboxes,
    FakeSockets,
    FakeWakes,
    MemoryIdempotency,
    MemoryMessages,
    MemoryPaces,
    MemorySessions,
    MemoryWatchers,
)
from tests.fakes.accounts import (
    FakeKeySecrets,
    MemoryKeys,
    MemoryLoginAttempts,
    MemoryTenants,
    MemoryTickets,
    MemoryUsers,
    PlainPasswords,
)
from tests.fakes.channels import MemoryChannels
from tests.fakes.identities import MemoryIdentities
from tests.fakes.questions import MemoryQuestions
from tests.fakes.quotas import MemorySlots

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = "a signing key of thirty-two bytes or more"


@dataclass
class Reply:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class World:
    """What stands behind the doors. Waiting moves the clock, and may make things happen."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(now=int(time.time() * 1000)))
    sessions: MemorySessions = field(default_factory=MemorySessions)
    users: MemoryUsers = field(default_factory=MemoryUsers)
    tenants: MemoryTenants = field(default_factory=MemoryTenants)
    api_keys: MemoryKeys = field(default_factory=MemoryKeys)
    given: MemoryTickets = field(default_factory=MemoryTickets)
    new_key: FakeKeySecrets = field(default_factory=FakeKeySecrets)
    watchers: MemoryWatchers = field(default_factory=MemoryWatchers)
    channels: MemoryChannels = field(default_factory=MemoryChannels)
    sockets: FakeSockets = field(default_factory=FakeSockets)
    wakes: FakeWakes = field(default_factory=FakeWakes)
    messages: MemoryMessages = field(default_factory=MemoryMessages)
    keys: MemoryIdempotency = field(default_factory=MemoryIdempotency)
    paces: MemoryPaces = field(default_factory=MemoryPaces)
    identities: MemoryIdentities = field(default_factory=MemoryIdentities)
    asked: MemoryQuestions = field(default_factory=MemoryQuestions)
    mailboxes: FakeMailboxes = field(default_factory=FakeMailboxes)
    attempts: MemoryLoginAttempts = field(default_factory=MemoryLoginAttempts)
    tokens: JwtTokens = field(default_factory=lambda: JwtTokens(lambda: SigningKeys("k1", {"k1": SECRET})))
    new_id: FakeIds = field(default_factory=FakeIds)
    quotas: Quotas = field(default_factory=Quotas)
    slots: MemorySlots = field(default_factory=MemorySlots)
    allow_anonymous: bool = False
    while_waiting: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.channels.watchers = self.watchers  # as in the table, where both are listed

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.while_waiting()

    def put(self, session: Session) -> Session:
        self.sessions.rows[session.uid] = session
        return session

    def owners(self) -> Sessions:
        waiting = Waiting(self.sessions, self.clock, self.sleep)
        moves = Moves(self.sessions, self.clock, self.new_id)
        return Sessions(
            self.sessions,
            moves,
            waiting,
            self.clock,
            self.new_id,
            lambda: WEBHOOK_SECRET,
            self.unsent(),
            self.running(),
            self.quotas.sessions,
        )

    def running(self) -> Running:
        return Running(self.slots, self.sessions, self.clock, self.quotas.workers)

    def unsent(self) -> Unsent:
        dispatch = Dispatch(self.messages, self.clock, self.new_id)
        return Unsent(self.messages, self.sessions, self.messages, dispatch, self.clock)

    def accounts(self) -> Accounts:
        return Accounts(
            self.users,
            self.tenants,
            self.attempts,
            PlainPasswords(),
            self.tokens,
            self.closing(),
            self.clock,
            allow_anonymous=self.allow_anonymous,
        )

    def closing(self) -> Closing:
        return Closing(self.watchers, self.sockets, self.carrier())

    def keeper(self) -> ApiKeys:
        return ApiKeys(
            self.api_keys, self.users, self.closing(), self.clock, self.new_id, self.new_key, self.quotas.keys
        )

    def tickets(self) -> Tickets:
        return Tickets(self.given, self.accounts(), self.keeper(), self.clock, new_ticket, self.quotas.tickets)

    def people(self) -> Users:
        administrators = Administrators(self.tenants)
        return Users(
            self.users,
            self.tenants,
            administrators,
            self.keeper(),
            self.closing(),
            PlainPasswords(),
            self.attempts,
            self.clock,
            self.quotas.users,
        )

    def operators(self) -> Tenants:
        return Tenants(
            self.tenants, self.people(), self.sessions, Moves(self.sessions, self.clock, self.new_id), self.clock
        )

    def watching(self) -> Watching:
        return Watching(self.sessions, self.watchers, self.sockets, self.wakes, self.clock, self.limits())

    def limits(self) -> WatcherLimits:
        return WatcherLimits(self.watchers, self.clock, per_session=2, per_tenant=3)

    def carrier(self) -> Channels:
        return Channels(self.channels, self.sockets, self.wakes, self.clock, self.sleep, self.new_id)

    def socketio(self) -> SocketIO:
        channels = self.carrier()
        rooms = Rooms(channels, self.channels, self.sessions, self.watchers, self.wakes, self.clock, self.limits())
        conversation = Conversation(channels, rooms, self.clock, self.limits())
        return SocketIO(channels, self.channels, conversation, self.wakes, self.clock, most_arrivals=3)

    def outbox(self) -> Outbox:
        return Outbox(
            self.sessions, self.messages, self.keys, self.paces, self.mailboxes, self.clock, self.sleep, self.new_id
        )

    def reservations(self) -> Reservations:
        return Reservations(self.keys, KeyedSeals(self.tokens.keys), self.clock, self.new_id)

    def naming(self) -> Naming:
        return Naming(self.sessions)

    def questions(self) -> Questions:
        return Questions(self.sessions, self.asked, self.paces, self.mailboxes, self.clock, self.sleep, self.new_id)

    def answering(self) -> Answering:
        return Answering(self.asked, self.clock)

    def bulk(self) -> Bulk:
        return Bulk(self.outbox(), self.keys, self.clock, self.sleep)

    def dispatch(self) -> Dispatch:
        return Dispatch(self.messages, self.clock, self.new_id)

    def reading(self) -> Messages:
        return Messages(self.sessions, self.messages, Identities(self.identities, self.clock), self.clock)

    def token(self, *, tenant: str = "default", role: Role = Role.ADMIN, ago: int = 0) -> str:
        """A good token, issued ``ago`` milliseconds ago."""
        name = "ana" if (tenant, role) == (DEFAULT_TENANT, Role.ADMIN) else f"{role}.{tenant}"
        self.tenants.rows.setdefault(tenant, Tenant(tenant, tenant, self.clock.now, ("nobody",)))
        user = self.users.rows.setdefault(name, User(name, tenant, role, "", self.clock.now, token_generation=1))
        return self.tokens.issue(user, now=self.clock.now - ago)[0]

    def key(self, *, session: str | None = None, role: Role = Role.ADMIN, tenant: str = DEFAULT_TENANT) -> str:
        """A good API key of a user with that role."""
        self.token(tenant=tenant, role=role)
        owner = next(u.name for u in self.users.rows.values() if (u.tenant, u.role) == (tenant, role))
        secret = self.new_key()
        self.api_keys.add(
            ApiKey(self.new_id(), fingerprint(secret) or "", tenant, owner, role, self.clock.now, session)
        )
        return secret

    def forged(self, **changes: Any) -> str:
        """A token with our claims, signed as ``changes`` say."""
        now = self.clock.now // 1000
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "tenant": "default", "gen": 1, "iat": now}
        self.token()
        signing = {"key": SECRET, "algorithm": ALGORITHM, "headers": {"kid": "k1"}} | changes
        return jwt.encode(claims | {"exp": now + 3600}, **signing)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    services: dict[str, Any] = {
        "accounts": None,
        "watching": world.watching(),
    }
    monkeypatch.setattr(bootstrap, "sessions", world.owners)
    monkeypatch.setattr(bootstrap, "accounts", world.accounts)
    monkeypatch.setattr(bootstrap, "api_keys", world.keeper)
    monkeypatch.setattr(bootstrap, "tickets", world.tickets)
    monkeypatch.setattr(bootstrap, "users", world.people)
    monkeypatch.setattr(bootstrap, "reservations", world.reservations)
    monkeypatch.setattr(bootstrap, "tenants", world.operators)
    monkeypatch.setattr(bootstrap, "watching", lambda: services["watching"])
    monkeypatch.setattr(bootstrap, "socketio", world.socketio)
    monkeypatch.setattr(bootstrap, "outbox", world.outbox)
    monkeypatch.setattr(bootstrap, "bulk", world.bulk)
    monkeypatch.setattr(bootstrap, "only_session", lambda: OnlySession(world.owners(), world.clock))
    monkeypatch.setattr(bootstrap, "naming", world.naming)
    monkeypatch.setattr(bootstrap, "questions", world.questions)
    monkeypatch.setattr(bootstrap, "messages", world.reading)
    monkeypatch.setattr(bootstrap, "clock", world.clock)
    world.tenants.add(Tenant("default", "Default", world.clock.now, ("admin",)))
    world.users.add(User("admin", "default", Role.ADMIN, "plain:admin123", world.clock.now))
    return world


@dataclass
class Caller:
    """An HTTP client; with ``token`` it sends it. Every answer is held against the API's description."""

    client: Client
    token: str | None = None

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.token}"
        answer = self.client.http.request(method, path, headers=sent, body=raw)
        reply = Reply(answer.status_code, answer.headers, answer.body)
        conforms(method, path, reply.status, reply.headers.get("Content-Type", ""), lambda: reply.json)
        return reply


@pytest.fixture
def nobody(world: World) -> Iterator[Caller]:
    """A caller without a credential."""
    from app import app

    with Client(app) as client:
        yield Caller(client)


@pytest.fixture
def ana(world: World, nobody: Caller) -> Caller:
    """An administrator of the default tenant."""
    return Caller(nobody.client, world.token())
