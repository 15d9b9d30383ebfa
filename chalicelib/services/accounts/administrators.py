"""Who a tenant counts on for its administrators: never nobody, whatever is changed at the same time."""

from dataclasses import dataclass, replace
from typing import Final

from chalicelib.domain.account import LISTED, Tenant
from chalicelib.domain.errors import Contended, LastAdministrator
from chalicelib.services.ports.accounts import TenantStore

TRIES: Final = 8
"""Writes tried while others change the same tenant."""


@dataclass(frozen=True, slots=True)
class Administrators:
    """Keeps the tenant's list, each change one conditional write."""

    tenants: TenantStore

    def count_on(self, tenant: str, name: str) -> None:
        """Put a user who has become an administrator on the list."""

        def added(stands: Tenant) -> tuple[str, ...]:
            return stands.admins if name in stands.admins else (*stands.admins, name)[:LISTED]

        for _ in range(TRIES):
            stands = self.tenants.get(tenant)
            if stands is None or self._write(stands, added(stands)):
                return
        raise Contended("The tenant was changed at the same moment. Try again.")

    def let_go(self, tenant: str, name: str) -> None:
        """Take a user who is to stop being an administrator off the list; raises LastAdministrator."""
        for _ in range(TRIES):
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
