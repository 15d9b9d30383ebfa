"""Tenants, as the gateway's operators manage them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from msgspec import Struct

from chalicelib.domain.access import DEFAULT_TENANT, DeviceType, Role, Tenant
from chalicelib.domain.errors import Contended, Forbidden, TenantExists, TenantNotFound, UserExists
from chalicelib.domain.events import TenantDisabled, TenantEnabled
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import NEXT
from chalicelib.services.accounts.users import Users
from chalicelib.services.ports import Clock, SessionStore
from chalicelib.services.ports.accounts import TenantStore
from chalicelib.services.reservations import Reservation
from chalicelib.services.sessions.moves import Moves
from chalicelib.services.threads import Threads

AT_ONCE: Final = 100
"""Users, or sessions, read at a time."""
SIDE_BY_SIDE: Final = 16
"""Sessions written at a time."""
HALFWAY: Final = 60_000
"""Milliseconds after which a create is surely over."""
TRIES: Final = 5
"""Writes tried while others change the same tenant."""


class Tenants(Struct, frozen=True):
    """What operators do with tenants."""

    store: TenantStore
    users: Users
    sessions: SessionStore
    moves: Moves
    clock: Clock

    def create(self, tenant: str, name: str, *, admin: str, password: str, made: Reservation | None = None) -> Tenant:
        """Create a tenant with its first administrator, or neither, or find the one that ``made`` stands for.

        Raises TenantExists or UserExists.
        """
        if made and made.made:
            return self.get(tenant)
        created = self._entered(Tenant(tenant, name, self.clock(), (admin,), made_by=made.id if made else None))
        try:
            self.users.register(tenant, admin, password, Role.ADMIN, made=made)
        except UserExists:
            self.store.remove(created)
            raise
        return created

    def get(self, tenant: str) -> Tenant:
        """Return the tenant; raises TenantNotFound."""
        found = self.store.get(tenant)
        if found is None:
            raise TenantNotFound("There is no tenant of that id.", field="tenant")
        return found

    def page(self, *, limit: int, after: str | None) -> tuple[list[Tenant], str | None]:
        """Return up to ``limit`` tenants in the order of their ids, and where the next page starts."""
        return self.store.page(limit=limit, after=after)

    def change(
        self,
        tenant: str,
        *,
        name: str | None = None,
        disabled: bool | None = None,
        device_name: str | None = None,
        device_type: DeviceType | None = None,
    ) -> Tenant:
        """Rename, disable or enable a tenant, or its devices; raises TenantNotFound, Forbidden or Contended.

        A disabled tenant's users can't log in, its tokens, keys and watchers end, its sessions are stopped, and nothing
        is posted for them. Enabled again, users and keys are what they were, and the sessions that ran are started. The
        tenant is written first, then each user, then each session: a repeated call finishes what was cut short.
        """
        if disabled and tenant == DEFAULT_TENANT:
            raise Forbidden("The operators' own tenant can't be disabled.")
        asked = {"name": name, "disabled": disabled, "device_name": device_name, "device_type": device_type}
        changed = self._write(tenant, {field: value for field, value in asked.items() if value is not None})
        if disabled is not None:
            self._suspend(tenant, suspended=disabled)
            self._suspend_sessions(tenant, suspended=disabled)
        return changed

    def _entered(self, tenant: Tenant) -> Tenant:
        if self.store.add(tenant):
            return tenant
        stands = self.get(tenant.id)
        if tenant.made_by and stands.made_by == tenant.made_by:
            return stands
        # A create that was killed halfway left a tenant that nobody is in: its place is taken over.
        left = (
            stands.created_at < tenant.created_at - HALFWAY and not self.users.page(tenant.id, limit=1, after=None)[0]
        )
        over = replace(tenant, version=stands.version + 1)
        if left and self.store.put(over):
            return over
        raise TenantExists(f"There is a tenant '{tenant.id}' already.", field="id")

    def _write(self, tenant: str, changes: Mapping[str, Any]) -> Tenant:
        for _ in range(TRIES):
            stands = self.get(tenant)
            changed = replace(stands, **changes)
            if changed == stands:
                return stands
            changed = replace(changed, version=stands.version + 1)
            if self.store.put(changed):
                return changed
        raise Contended("The tenant was changed at the same moment. Try again.")

    def _suspend(self, tenant: str, *, suspended: bool) -> None:
        after: str | None = None
        while True:
            page, after = self.users.page(tenant, limit=AT_ONCE, after=after)
            for user in page:
                self.users.suspend(user, suspended=suspended)
            if after is None:
                return

    def _suspend_sessions(self, tenant: str, *, suspended: bool) -> None:
        """Suspend, or resume, each of the tenant's sessions, except those that are being removed."""
        after: str | None = None
        with Threads(SIDE_BY_SIDE) as pool:
            while True:
                page, after = self.sessions.page(tenant, limit=AT_ONCE, after=after)
                # A write that failed raises when its result is read.
                for _ in pool.map(lambda one: self._suspend_session(one.uid, suspended=suspended), page):
                    pass
                if after is None:
                    return

    def _suspend_session(self, uid: str, *, suspended: bool) -> None:
        event = TenantDisabled() if suspended else TenantEnabled()

        def decide(stands: Session) -> TenantDisabled | TenantEnabled | None:
            new = (stands.status, type(event)) in NEXT and stands.suspended is not suspended
            return event if new else None

        self.moves.move(lambda: self.sessions.get(uid), decide)
