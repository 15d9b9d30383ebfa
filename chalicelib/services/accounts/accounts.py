"""Logins: a password is exchanged for a token; a token's bearer has the rights that its user has now."""

from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.access import DEFAULT_TENANT, WINDOW, Failures, Principal, Role, Source, Tenant, User, source
from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    InvalidCredentials,
    InvalidField,
    TooManyAttempts,
    Unauthenticated,
)
from chalicelib.services.ports import Clock
from chalicelib.services.ports.accounts import LoginAttempts, Passwords, TenantStore, Tokens, UserStore
from chalicelib.services.watching.watching import Closing

TRIES: Final = 5
"""Writes tried while others change the same user."""
MOST_ENDED: Final = 50
"""Ended tokens that are remembered for a user; one more ends all of the user's tokens."""


class Login(Struct, frozen=True):
    """A successful login; ``expires_at`` is the token's end in milliseconds since the Unix epoch."""

    token: str
    expires_at: int
    user: User


class Accounts(Struct, frozen=True):
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
        where = source(name, address)
        user, before = self._checked(where, password)
        if user is None:
            raise InvalidCredentials("The user name or the password is wrong.")
        if not user.active:
            raise Forbidden("This account is disabled.")
        if self.passwords.outdated(user.password_hash):
            # Somebody else's change of the same moment comes first: the next login tries again.
            self.users.put(replace(user, password_hash=self.passwords.hash(password), version=user.version + 1))
        if before.is_news(self.clock()):
            self.attempts.succeeded(where, now=self.clock())
        return self._login(user)

    def change_password(self, name: str, old: str, new: str, *, address: str) -> Login:
        """Set a new password: earlier tokens end and their watchers are closed. Return a new token.

        Raises InvalidCredentials for a wrong old password, which counts like a failed login.
        """
        user, _ = self._checked(source(name, address), old, proven=True)
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
        """Return a token's bearer, with one read of its user; raises Unauthenticated for a bad or ended token."""
        return self.standing(self.bearer(token))

    def bearer(self, token: str) -> Principal:
        """Return the principal that a token was issued to, even if the token has been ended; nothing is allowed by it.

        Raises Unauthenticated for a token that isn't ours, or has expired.
        """
        told = self.tokens.read(token)
        return Principal(
            told.name, told.tenant, Role.READ_ONLY, told.expires_at, generation=told.generation, token=told.id
        )

    def standing(self, bearer: Principal) -> Principal:
        """Return a token's bearer as its user stands now; raises Unauthenticated if the token has ended since."""
        user, now = self.users.get(bearer.name), self.clock()
        over = bearer.expires_at is not None and bearer.expires_at <= now
        if user is None or not user.active or over or not holds(user, bearer):
            raise Unauthenticated("The token isn't good any more.", hint="Log in again.")
        return replace(bearer, role=user.role)

    def log_out(self, bearer: Principal) -> None:
        """End the bearer's token and close its watchers; the user's other tokens stay. Repeatable.

        Raises Contended.
        """
        for _ in range(TRIES):
            user = self.users.get(bearer.name)
            if user is None or not holds(user, bearer) or self.users.put(ending(user, bearer, now=self.clock())):
                self.closing.close(bearer.name, token=bearer.token)
                return
        raise Contended("The user was changed at the same moment. Try again.")

    def anonymous(self) -> Principal | None:
        """Return the principal of a caller without a credential; None where ``ALLOW_ANONYMOUS`` isn't set."""
        return Principal("anonymous", DEFAULT_TENANT, Role.MEMBER) if self.allow_anonymous else None

    def first_administrator(self, name: str, password: str, tenant: str) -> bool:
        """Create a tenant with its first administrator; False, and nothing changed, if there is a user of that name."""
        now = self.clock()
        user = User(name, tenant, Role.ADMIN, self.passwords.hash(password), now, token_generation=now)
        self.tenants.add(Tenant(tenant, tenant, now, (name,)))
        return self.users.add(user)

    def _checked(self, where: Source, password: str, *, proven: bool = False) -> tuple[User | None, Failures]:
        """Return the user if that is its password, and what had failed before; raises TooManyAttempts.

        A name that doesn't exist takes as long as a wrong password, and is counted like one. Of many guesses at once
        all are read before the first has failed: one that is right is worth nothing if enough others were wrong.
        """
        before = self._open(where, proven=proven)
        user = self.users.get(where.name)
        if self.passwords.matches(user.password_hash if user else "", password) and user:
            return user, self._open(where, proven=proven)
        self.attempts.failed(where, now=self.clock(), proven=proven)
        return None, before

    def _open(self, where: Source, *, proven: bool) -> Failures:
        now = self.clock()
        failures = self.attempts.recent(where, now=now)
        if failures.too_many(now=now, proven=proven):
            raise TooManyAttempts("Too many failed logins. Wait a few minutes.", retry_after=WINDOW)
        return failures

    def _login(self, user: User) -> Login:
        token, expires_at = self.tokens.issue(user, now=self.clock())
        return Login(token, expires_at, user)


def holds(user: User, bearer: Principal) -> bool:
    """Whether the bearer's token is of the user's present generation, and not one of those that were ended."""
    same = (user.tenant, user.token_generation) == (bearer.tenant, bearer.generation)
    return same and bearer.token not in user.ended_tokens


def ending(user: User, bearer: Principal, *, now: int) -> User:
    """Return the user with the bearer's token ended; past ``MOST_ENDED`` of them, with all earlier tokens ended."""
    ended = {name: until for name, until in user.ended_tokens.items() if until > now}
    if bearer.token is None or len(ended) >= MOST_ENDED:
        return renewed(user, now=now)
    return replace(user, ended_tokens={**ended, bearer.token: bearer.expires_at or now}, version=user.version + 1)


def renewed(user: User, *, now: int) -> User:
    """Return the user with a new token generation, which ends all earlier tokens.

    A generation is a time, so a user who is removed and created again under the same name never repeats one.
    """
    generation = max(user.token_generation + 1, now)
    return replace(user, token_generation=generation, ended_tokens={}, version=user.version + 1)
