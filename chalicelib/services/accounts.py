"""Who callers are: users with passwords, and the tokens that a login gives."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import InvalidCredentials, TooManyAttempts, Unauthenticated
from chalicelib.domain.principal import Principal, Role, User
from chalicelib.services.ports import Clock, LoginAttempts, Passwords, Tokens, UserStore

DEFAULT_TENANT: Final = "default"
MAX_FAILURES: Final = 5
"""Failed logins of one user from one address within the window of LoginAttempts, before more are refused unread."""
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
    """Checks credentials."""

    users: UserStore
    attempts: LoginAttempts
    passwords: Passwords
    tokens: Tokens
    clock: Clock
    allow_anonymous: bool

    def login(self, name: str, password: str, *, address: str) -> Login:
        """Return a token for the right password; raises InvalidCredentials, or TooManyAttempts unread.

        A name that doesn't exist takes as long as a wrong password, and is counted like one.
        """
        key, now = f"{name}@{address}", self.clock()
        if self.attempts.recent(key, now=now) >= MAX_FAILURES:
            raise TooManyAttempts("Too many failed logins. Wait a few minutes.", retry_after=WINDOW)
        user = self.users.get(name)
        if not self.passwords.matches(user.password_hash if user else "", password) or user is None:
            self.attempts.failed(key, now=now)
            raise InvalidCredentials("The user name or the password is wrong.")
        token, expires_at = self.tokens.issue(user, now=now)
        return Login(token, expires_at, user)

    def authenticate(self, token: str) -> Principal:
        """Return who a token's bearer is; raises Unauthenticated for one that isn't good, or not any more."""
        claims = self.tokens.read(token)
        try:
            role = Role(claims.role)
        except ValueError as error:
            raise Unauthenticated("The token isn't one of ours.") from error
        return Principal(claims.name, claims.tenant, role, claims.expires_at)

    def anonymous(self) -> Principal | None:
        """Return who a caller without any credential is, where that is allowed at all."""
        return Principal("anonymous", DEFAULT_TENANT, Role.MEMBER) if self.allow_anonymous else None

    def first_administrator(self, name: str, password: str, tenant: str) -> bool:
        """Create a tenant's first administrator; False, and nothing changed, if there is a user of that name."""
        return self.users.add(
            User(
                name=name,
                tenant=tenant,
                role=Role.ADMIN,
                password_hash=self.passwords.hash(password),
                created_at=self.clock(),
            )
        )
