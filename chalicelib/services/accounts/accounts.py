"""Logins: a password gives a token, and a token says who its bearer is, as its user stands now."""

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.account import Tenant
from chalicelib.domain.addresses import network_of
from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    InvalidCredentials,
    InvalidField,
    TooManyAttempts,
    Unauthenticated,
)
from chalicelib.domain.principal import DEFAULT_TENANT, Principal, Role, User
from chalicelib.services.ports import Clock
from chalicelib.services.ports.accounts import LoginAttempts, Passwords, TenantStore, Tokens, UserStore
from chalicelib.services.watching.closing import Closing

MAX_FAILURES: Final = 5
"""Failed logins of one user from one network within the window of LoginAttempts, before more are refused unread."""
WINDOW: Final = 300
"""Seconds until a failed login is forgotten."""


@dataclass(frozen=True, slots=True)
class Login:
    """A successful login; ``expires_at`` is the token's end in milliseconds since the Unix epoch."""

    token: str
    expires_at: int
    user: User


@dataclass(frozen=True, slots=True)
class Accounts:
    """Checks passwords and tokens."""

    users: UserStore
    tenants: TenantStore
    attempts: LoginAttempts
    passwords: Passwords
    tokens: Tokens
    closing: Closing
    clock: Clock
    allow_anonymous: bool

    def login(self, name: str, password: str, *, address: str) -> Login:
        """Return a token for the right password; raises InvalidCredentials, Forbidden, or TooManyAttempts unread."""
        user = self._checked(name, password, address)
        if user is None:
            raise InvalidCredentials("The user name or the password is wrong.")
        if not user.active:
            raise Forbidden("This account is disabled.")
        if self.passwords.outdated(user.password_hash):
            # Somebody else's change of the same moment comes first: the next login tries again.
            self.users.put(replace(user, password_hash=self.passwords.hash(password), version=user.version + 1))
        return self._login(user)

    def change_password(self, name: str, old: str, new: str, *, address: str) -> Login:
        """Set a new password: tokens of before end and their watchers are closed. Return a token of after.

        Raises InvalidCredentials for a wrong old password, which counts like a failed login.
        """
        user = self._checked(name, old, address)
        if user is None:
            raise InvalidCredentials("The old password is wrong.", field="old_password")
        if old == new:
            raise InvalidField("The new password is the old one.", field="new_password")
        changed = renewed(replace(user, password_hash=self.passwords.hash(new)), now=self.clock())
        if not self.users.put(changed):
            raise Contended("The user was changed at the same moment. Try again.")
        self.closing.close(name)
        return self._login(changed)

    def authenticate(self, token: str) -> Principal:
        """Return who a token's bearer is, with one read of its user; raises Unauthenticated for a bad or ended one."""
        claims = self.tokens.read(token)
        return self._standing(claims.name, claims.tenant, claims.generation, claims.expires_at)

    def standing(self, bearer: Principal) -> Principal:
        """Return a token's bearer as its user stands now; raises Unauthenticated if the token has ended since."""
        return self._standing(bearer.name, bearer.tenant, bearer.generation, bearer.expires_at)

    def anonymous(self) -> Principal | None:
        """Return who a caller without any credential is, where that is allowed at all."""
        return Principal("anonymous", DEFAULT_TENANT, Role.MEMBER) if self.allow_anonymous else None

    def first_administrator(self, name: str, password: str, tenant: str) -> bool:
        """Create a tenant with its first administrator; False, and nothing changed, if there is a user of that name."""
        now = self.clock()
        user = User(name, tenant, Role.ADMIN, self.passwords.hash(password), now, token_generation=now)
        self.tenants.add(Tenant(tenant, tenant, now, (name,)))
        return self.users.add(user)

    def _checked(self, name: str, password: str, address: str) -> User | None:
        """Return the user if that is its password; raises TooManyAttempts.

        A name that doesn't exist takes as long as a wrong password, and is counted like one. Of many guesses at once
        all are read before the first has failed: one that is right is worth nothing if enough others were wrong.
        """
        key = f"{name}@{network_of(address)}"
        self._must_be_open(key)
        user = self.users.get(name)
        if self.passwords.matches(user.password_hash if user else "", password) and user:
            self._must_be_open(key)
            return user
        self.attempts.failed(key, now=self.clock())
        return None

    def _must_be_open(self, key: str) -> None:
        if self.attempts.recent(key, now=self.clock()) >= MAX_FAILURES:
            raise TooManyAttempts("Too many failed logins. Wait a few minutes.", retry_after=WINDOW)

    def _standing(self, name: str, tenant: str, generation: int | None, expires_at: int | None) -> Principal:
        user, now = self.users.get(name), self.clock()
        current = user is not None and (user.tenant, user.token_generation) == (tenant, generation)
        if user is None or not user.active or not current or (expires_at is not None and expires_at <= now):
            raise Unauthenticated("The token isn't good any more.", hint="Log in again.")
        return Principal(user.name, user.tenant, user.role, expires_at, generation=generation)

    def _login(self, user: User) -> Login:
        token, expires_at = self.tokens.issue(user, now=self.clock())
        return Login(token, expires_at, user)


def renewed(user: User, *, now: int) -> User:
    """Return the user with a generation of its own: no token of before is good.

    It is a time, so a user who is removed and made again under its name never gets a generation that was used.
    """
    return replace(user, token_generation=max(user.token_generation + 1, now), version=user.version + 1)
