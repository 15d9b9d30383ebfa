"""The app over services in memory; tokens are real."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from chalice.test import Client

from chalicelib import bootstrap
from chalicelib.adapters.credentials import ALGORITHM, AUDIENCE, ISSUER, JwtTokens, SigningKeys
from chalicelib.config import settings
from chalicelib.domain.access import DEFAULT_TENANT, ApiKey, Role, Tenant, User, fingerprint
from chalicelib.domain.session import Session, Status
from chalicelib.services.accounts.invitations import Company
from tests.api.described import conforms
from tests.composition import SERVICES, SIGNING_KEY, Rig
from tests.fakes import FakeClock
from tests.makers import a_code, a_running_session


@dataclass
class Reply:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    content: bytes
    request_id: str = field(default="", compare=False)
    """Each answer has another one."""

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> Any:
        """What an error says, in whichever family: the native one has it in an object of its own."""
        told = self.json
        return told["error"] if isinstance(told.get("error"), dict) else told


@dataclass
class World(Rig):
    """The rig behind the app, with real tokens, on the machine's time, and with few watchers allowed."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(now=int(time.time() * 1000)))
    watchers_per_session: int = 2
    watchers_per_tenant: int = 3
    arrivals_per_minute: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tokens = JwtTokens(lambda: SigningKeys("k1", self.signing))

    def put(self, session: Session) -> Session:
        self.stores.sessions.rows[session.uid] = session
        return session

    def token(self, *, tenant: str = "default", role: Role = Role.ADMIN, ago: int = 0) -> str:
        """A good token, issued ``ago`` milliseconds ago."""
        name = "ana" if (tenant, role) == (DEFAULT_TENANT, Role.ADMIN) else f"{role}.{tenant}"
        self.stores.tenants.rows.setdefault(tenant, Tenant(tenant, tenant, self.clock.now, ("nobody",)))
        user = self.stores.users.rows.setdefault(name, User(name, tenant, role, "", self.clock.now, token_generation=1))
        return self.tokens.issue(user, now=self.clock.now - ago)[0]

    def key(self, *, session: str | None = None, role: Role = Role.ADMIN, tenant: str = DEFAULT_TENANT) -> str:
        """A good API key of a user with that role."""
        self.token(tenant=tenant, role=role)
        owner = next(u.name for u in self.stores.users.rows.values() if (u.tenant, u.role) == (tenant, role))
        secret = self.new_key()
        self.stores.api_keys.add(
            ApiKey(self.new_id(), fingerprint(secret) or "", tenant, owner, role, self.clock.now, session)
        )
        return secret

    def invitation(self, *, session: str = "ana") -> tuple[str, str]:
        """The secret of an invitation to link a session that shows a code, and the token that it was exchanged for."""
        code = a_code(expires_at=self.clock.now + 3_600_000)
        self.put(a_running_session(id=session, uid=f"uid-{session}", status=Status.SCAN_QR, qr=code))
        ana = self.accounts.authenticate(self.token())
        _, secret = self.invitations.create(ana, session, company=Company("Shop"), language=None)
        return secret, self.invitations.exchange(secret)[1]

    def forged(self, **changes: Any) -> str:
        """A token with our claims, signed as ``changes`` say."""
        now = self.clock.now // 1000
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "tenant": "default", "gen": 1, "iat": now}
        self.token()
        signing = {"key": SIGNING_KEY, "algorithm": ALGORITHM, "headers": {"kid": "k1"}} | changes
        return jwt.encode(claims | {"exp": now + 3600}, **signing)


@pytest.fixture(autouse=True)
def _usual_settings() -> None:
    """Have the process read its settings before a test changes the environment: they are read once, for all tests."""
    settings()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    for name in SERVICES:
        monkeypatch.setattr(bootstrap, name, lambda name=name: getattr(world, name))
    monkeypatch.setattr(bootstrap, "clock", world.clock)
    monkeypatch.setattr(bootstrap, "waiting_places", lambda: world.places)
    world.stores.tenants.add(Tenant("default", "Default", world.clock.now, ("admin",)))
    world.stores.users.add(User("admin", "default", Role.ADMIN, "plain:admin123", world.clock.now))
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
        headers = dict(answer.headers)
        reply = Reply(answer.status_code, headers, answer.body, headers.pop("X-Request-Id", ""))
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
