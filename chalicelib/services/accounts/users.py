"""A tenant's users, managed by its administrators; the last administrator can't be removed."""

from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.access import LISTED, Role, Tenant, User
from chalicelib.domain.errors import (
    Contended,
    Forbidden,
    LastAdministrator,
    ResultGone,
    UserExists,
    UserNotFound,
    UserQuotaExceeded,
)
from chalicelib.services.accounts.accounts import renewed
from chalicelib.services.accounts.keys import ApiKeys
from chalicelib.services.ports import Clock
from chalicelib.services.ports.accounts import LoginAttempts, Passwords, TenantStore, UserStore
from chalicelib.services.reservations import Reservation
from chalicelib.services.watching.watching import Closing

FIRST_TRIES: Final = 8
"""Writes tried while others change the same tenant."""


class Administrators(Struct, frozen=True):
    """Keeps the tenant's list of administrators; each change is one conditional write."""

    tenants: TenantStore

    def count_on(self, tenant: str, name: str) -> None:
        """Put a user who has become an administrator on the list."""

        def added(stands: Tenant) -> tuple[str, ...]:
            return stands.admins if name in stands.admins else (*stands.admins, name)[:LISTED]

        for _ in range(FIRST_TRIES):
            stands = self.tenants.get(tenant)
            if stands is None or self._write(stands, added(stands)):
                return
        raise Contended("The tenant was changed at the same moment. Try again.")

    def let_go(self, tenant: str, name: str) -> None:
        """Take a user who is to stop being an administrator off the list; raises LastAdministrator."""
        for _ in range(FIRST_TRIES):
            stands = self.tenants.get(tenant)
            others = tuple(other for other in stands.admins if other != name) if stands else ()
            if not others:
                raise LastAdministrator(
                    "The tenant would be left without an administrator.", hint="Make another first."
                )
            if stands is None or self._write(stands, others):
                return
        raise Contended("The tenant was changed at the same moment. Try again.")

    def _write(self, stands: Tenant, admins: tuple[str, ...]) -> bool:
        if admins == stands.admins:
            return True
        return self.tenants.put(replace(stands, admins=admins, version=stands.version + 1))


TRIES: Final = 5
"""Writes tried while others change the same user."""


class UserChange(Struct, frozen=True):
    """The changes of a user; None leaves a field as it is."""

    role: Role | None = None
    disabled: bool | None = None
    suspended: bool | None = None
    password_hash: str | None = None

    def applied(self, user: User, *, now: int) -> User:
        """Return the user changed. Another password, and the loss of access, end its tokens."""
        changed = replace(
            user,
            role=self.role or user.role,
            disabled=user.disabled if self.disabled is None else self.disabled,
            suspended=user.suspended if self.suspended is None else self.suspended,
            password_hash=self.password_hash or user.password_hash,
        )
        if self.password_hash or (user.active and not changed.active):
            return renewed(changed, now=now)
        return replace(changed, version=user.version + 1) if changed != user else user


class Users(Struct, frozen=True):
    """What administrators do with users. A user of another tenant is not found.

    The user is written first, which ends its tokens; keys and watchers follow, and again if the call is repeated.
    """

    store: UserStore
    tenants: TenantStore
    administrators: Administrators
    keys: ApiKeys
    closing: Closing
    passwords: Passwords
    attempts: LoginAttempts
    clock: Clock
    most: int
    """Users that a tenant may have; 0: no limit."""

    def register(self, tenant: str, name: str, password: str, role: Role, *, made: Reservation | None = None) -> User:
        """Create a user, or find the one that ``made`` stands for and finish its creation.

        Raises UserExists, ResultGone, UserQuotaExceeded, and Forbidden if the tenant was disabled meanwhile.
        """
        if made and made.made:
            return self._made(name, made)
        now = self.clock()
        made_by = made.id if made else None
        user = User(name, tenant, role, self.passwords.hash(password), now, token_generation=now, made_by=made_by)
        if not self.store.add(user):
            stands = self.store.get(name)
            if made is None or stands is None or stands.made_by != made.id:
                raise UserExists(f"There is a user '{name}' already.", field="username")
            user = stands
        # Whoever disables a tenant writes the tenant, then its users: one that was added in between may be missed.
        here = self.tenants.get(tenant)
        if here is None or here.disabled:
            self.store.remove(user)
            raise Forbidden("The tenant is disabled.")
        if self.most and self.store.count(tenant, most=self.most + 1) > self.most:
            self.store.remove(user)
            raise UserQuotaExceeded(
                f"This tenant has {self.most} users, as many as it may have.", hint="Remove one who is gone."
            )
        if user.administers:
            self.administrators.count_on(tenant, name)
        return user

    def _made(self, name: str, made: Reservation) -> User:
        stands = self.store.get(name)
        if stands is None or stands.made_by != made.id:
            raise ResultGone("The user that was created with this Idempotency-Key has been removed since.")
        return stands

    def get(self, tenant: str, name: str) -> User:
        """Return the tenant's user; raises UserNotFound."""
        user = self.store.get(name)
        if user is None or user.tenant != tenant:
            raise UserNotFound("There is no user of that name.", field="name")
        return user

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """Return up to ``limit`` of the tenant's users in the order of their names, and where the next page starts."""
        return self.store.page(tenant, limit=limit, after=after)

    def change(
        self,
        tenant: str,
        name: str,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        password: str | None = None,
    ) -> User:
        """Change what is given, all in one write; raises UserNotFound, LastAdministrator or Contended.

        A new password clears the failed logins of the user's name.
        """
        self.get(tenant, name)
        new_hash = self.passwords.hash(password) if password is not None else None
        changed = self._change(tenant, name, UserChange(role=role, disabled=disabled, password_hash=new_hash))
        if new_hash is not None:
            self.attempts.forgive(name)
        return changed

    def suspend(self, user: User, *, suspended: bool) -> None:
        """Suspend the user with its tenant, or lift that."""
        self._change(user.tenant, user.name, UserChange(suspended=suspended))

    def _change(self, tenant: str, name: str, change: UserChange) -> User:
        for _ in range(TRIES):
            user = self.get(tenant, name)
            changed = change.applied(user, now=self.clock())
            if user.administers and not changed.administers:
                self.administrators.let_go(tenant, name)
            if changed == user or self.store.put(changed):
                self._follow(user, changed)
                return changed
        raise Contended("The user was changed at the same moment. Try again.")

    def remove(self, tenant: str, name: str) -> None:
        """Remove a user, its keys and its watchers; raises UserNotFound, LastAdministrator or Contended."""
        for _ in range(TRIES):
            user = self.get(tenant, name)
            if user.administers:
                self.administrators.let_go(tenant, name)
            if self.store.remove(user):
                self.keys.follow(name)
                self.closing.close(name)
                return
        raise Contended("The user was changed at the same moment. Try again.")

    def _follow(self, before: User, after: User) -> None:
        if after.administers:
            self.administrators.count_on(after.tenant, after.name)
        self.keys.follow(after.name)
        ended = not after.active or before.token_generation != after.token_generation
        # What a watcher is told depends on the role that it came with.
        if ended or before.role is not after.role:
            self.closing.close(after.name)
