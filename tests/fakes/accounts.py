"""The account services' ports in memory: whole, with the same guarantees as the adapters, which run the same suite."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from chalicelib.domain.access import KNOWN, WINDOW, ApiKey, Failures, Source, Tenant, Ticket, User
from chalicelib.domain.errors import Unauthenticated
from chalicelib.domain.invitations import Invitation
from chalicelib.services.ports.accounts import TokenClaims
from tests.fakes import FakeClock


@dataclass
class MemoryUsers:
    """UserStore."""

    rows: dict[str, User] = field(default_factory=dict)

    def get(self, name: str) -> User | None:
        return self.rows.get(name)

    def add(self, user: User) -> bool:
        return self.rows.setdefault(user.name, user) is user

    def put(self, user: User) -> bool:
        stands = self.rows.get(user.name)
        if stands is None or stands.version != user.version - 1:
            return False
        self.rows[user.name] = user
        return True

    def remove(self, user: User) -> bool:
        stands = self.rows.get(user.name)
        if stands is not None and stands.version != user.version:
            return False
        self.rows.pop(user.name, None)
        return True

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[User], str | None]:
        rows = sorted((u for u in self.rows.values() if u.tenant == tenant), key=lambda u: u.name)
        page = [u for u in rows if u.name > (after or "")][:limit]
        return page, page[-1].name if len(page) == limit else None

    def count(self, tenant: str, *, most: int) -> int:
        return min(most, sum(user.tenant == tenant for user in self.rows.values()))


@dataclass
class MemoryKeys:
    """KeyStore."""

    rows: dict[str, ApiKey] = field(default_factory=dict)

    def get(self, fingerprint: str) -> ApiKey | None:
        return self.rows.get(fingerprint)

    def add(self, key: ApiKey) -> None:
        self.rows[key.fingerprint] = key

    def put(self, key: ApiKey) -> None:
        stands = self.rows.get(key.fingerprint)
        if stands:
            self.rows[key.fingerprint] = replace(stands, role=key.role, suspended=key.suspended)

    def touch(self, key: ApiKey, *, now: int) -> None:
        stands = self.rows.get(key.fingerprint)
        if stands:
            self.rows[key.fingerprint] = replace(stands, last_used=now)

    def remove(self, key: ApiKey) -> None:
        self.rows.pop(key.fingerprint, None)

    def find(self, tenant: str, key_id: str) -> ApiKey | None:
        return next((k for k in self.rows.values() if (k.tenant, k.id) == (tenant, key_id)), None)

    def of_owner(self, name: str) -> Sequence[ApiKey]:
        return sorted((k for k in self.rows.values() if k.owner == name), key=lambda k: k.id)

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[ApiKey], str | None]:
        rows = sorted((k for k in self.rows.values() if k.tenant == tenant), key=lambda k: k.id)
        page = [k for k in rows if k.id > (after or "")][:limit]
        return page, page[-1].id if len(page) == limit else None

    def count(self, tenant: str, *, most: int) -> int:
        return min(most, sum(key.tenant == tenant for key in self.rows.values()))


@dataclass
class MemoryTickets:
    """TicketStore."""

    rows: dict[str, Ticket] = field(default_factory=dict)
    given: dict[tuple[str, int], int] = field(default_factory=dict)

    def add(self, ticket: Ticket) -> None:
        self.rows[ticket.fingerprint] = ticket

    def take(self, fingerprint: str) -> Ticket | None:
        return self.rows.pop(fingerprint, None)

    def counted(self, whose: str, *, now: int, most: int) -> bool:
        minute = whose, now // 60_000
        if self.given.get(minute, 0) >= most:
            return False
        self.given[minute] = self.given.get(minute, 0) + 1
        return True


@dataclass
class MemoryInvitations:
    """InvitationStore."""

    rows: dict[tuple[str, str], Invitation] = field(default_factory=dict)

    def get(self, uid: str, invitation_id: str) -> Invitation | None:
        return self.rows.get((uid, invitation_id))

    def add(self, invitation: Invitation) -> bool:
        return self.rows.setdefault((invitation.uid, invitation.id), invitation) is invitation

    def open(self, invitation: Invitation, *, token_hash: str, now: int) -> bool:
        stands = self.rows.get((invitation.uid, invitation.id))
        if stands is None or stands.opened_at is not None or stands.revoked_at is not None:
            return False
        self.rows[stands.uid, stands.id] = replace(stands, token_hash=token_hash, opened_at=now)
        return True

    def revoke(self, invitation: Invitation, *, now: int) -> None:
        stands = self.rows.get((invitation.uid, invitation.id))
        if stands is not None and stands.revoked_at is None:
            self.rows[stands.uid, stands.id] = replace(stands, revoked_at=now)

    def remove(self, invitation: Invitation) -> None:
        self.rows.pop((invitation.uid, invitation.id), None)

    def living(self, uid: str, *, now: int, most: int) -> int:
        mine = [one for one in self.rows.values() if one.uid == uid]
        return min(most, sum(one.revoked_at is None and one.expires_at > now for one in mine))

    def page(self, uid: str, *, limit: int, after: str | None) -> tuple[list[Invitation], str | None]:
        rows = sorted((one for one in self.rows.values() if one.uid == uid), key=lambda one: one.id)
        page = [one for one in rows if one.id > (after or "")][:limit]
        return page, page[-1].id if len(page) == limit else None


@dataclass
class MemoryTenants:
    """TenantStore."""

    rows: dict[str, Tenant] = field(default_factory=dict)

    def get(self, tenant: str) -> Tenant | None:
        return self.rows.get(tenant)

    def add(self, tenant: Tenant) -> bool:
        return self.rows.setdefault(tenant.id, tenant) is tenant

    def put(self, tenant: Tenant) -> bool:
        stands = self.rows.get(tenant.id)
        if stands is None or stands.version != tenant.version - 1:
            return False
        self.rows[tenant.id] = tenant
        return True

    def remove(self, tenant: Tenant) -> None:
        if self.rows.get(tenant.id) == tenant:
            del self.rows[tenant.id]

    def page(self, *, limit: int, after: str | None) -> tuple[list[Tenant], str | None]:
        page = [self.rows[name] for name in sorted(self.rows) if name > (after or "")][:limit]
        return page, page[-1].id if len(page) == limit else None


@dataclass
class MemoryLoginAttempts:
    """LoginAttempts."""

    failures: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)
    known: dict[tuple[str, str], int] = field(default_factory=dict)

    def failed(self, source: Source, *, now: int, proven: bool = False) -> None:
        ends = now // 1000 + WINDOW
        for counter in self._counters(source)[: None if proven else -1]:
            failures, open_until = self.failures.get(counter, (0, ends))
            self.failures[counter] = (failures + 1, open_until) if open_until > now // 1000 else (1, ends)

    def recent(self, source: Source, *, now: int) -> Failures:
        counted = [self.failures.get(counter, (0, 0)) for counter in self._counters(source)]
        until = self.known.get((source.name, source.address), 0)
        pair, user, address, network, bearer = (failures if ends > now // 1000 else 0 for failures, ends in counted)
        return Failures(pair, user, address, network, bearer, until if until > now // 1000 else 0)

    def succeeded(self, source: Source, *, now: int) -> None:
        self.known[source.name, source.address] = now // 1000 + KNOWN

    def forgive(self, name: str) -> None:
        self.failures.pop(("user", name), None)

    def _counters(self, source: Source) -> list[tuple[str, ...]]:
        return [
            ("pair", source.name, source.address),
            ("user", source.name),
            ("address", source.address),
            ("network", source.network),
            ("bearer", source.name),
        ]


@dataclass
class PlainPasswords:
    """Passwords, without the cost. ``old:`` hashes are those of former parameters."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def matches(self, password_hash: str, password: str) -> bool:
        return password_hash in {f"plain:{password}", f"old:{password}"}

    def outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")


@dataclass
class PlainTokens:
    """Tokens, without the cryptography."""

    clock: FakeClock
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def issue(self, user: User, *, now: int) -> tuple[str, int]:
        expires_at = now + 86_400_000
        return f"{user.name}|{user.tenant}|{user.token_generation}|{expires_at}|{next(self.numbers)}", expires_at

    def read(self, token: str) -> TokenClaims:
        parts = token.split("|")
        if len(parts) != 5 or not parts[2].isdigit() or int(parts[3]) <= self.clock():
            raise Unauthenticated("The token isn't one of ours.")
        return TokenClaims(parts[0], parts[1], int(parts[2]), int(parts[3]), parts[4])


@dataclass
class FakeKeySecrets:
    """API keys' secrets in order."""

    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __call__(self) -> str:
        return f"sb_{next(self.numbers):043d}"
