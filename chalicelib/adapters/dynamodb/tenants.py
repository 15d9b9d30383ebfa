"""Tenants in the table, in one partition: they are few, and read by those who manage them alone."""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Condition, Item, Table
from chalicelib.domain.account import Tenant
from chalicelib.reading import Reader

_TENANT: Final = Reader(Tenant)
_KNOWN: Final = frozenset(one.name for one in fields(Tenant))

ALL: Final = "TENANTS"


@dataclass(frozen=True, slots=True)
class DynamoTenants:
    """The TenantStore port."""

    table: Table

    def get(self, tenant: str) -> Tenant | None:
        """Read the tenant."""
        item = self.table.get(ALL, tenant)
        return _TENANT.plain(item) if item else None

    def add(self, tenant: Tenant) -> bool:
        """Put the tenant on condition that there is none of that id."""
        return self.table.put(_item(tenant), Condition("attribute_not_exists(pk)", {})) is None

    def put(self, tenant: Tenant) -> bool:
        """Write the tenant over the version before."""
        before = Condition("version = :before", {":before": tenant.version - 1})
        return self.table.rewrite(_item(tenant), _KNOWN, before) is None

    def remove(self, tenant: Tenant) -> None:
        """Remove the tenant on condition that it didn't change."""
        self.table.delete(ALL, tenant.id, Condition("version = :seen", {":seen": tenant.version}))

    def page(self, *, limit: int, after: str | None) -> tuple[list[Tenant], str | None]:
        """Read one page of the partition."""
        start = {"pk": ALL, "sk": after} if after else None
        items = list(self.table.query(Condition("pk = :pk", {":pk": ALL}), limit=limit, after=start))
        return [_TENANT.plain(item) for item in items], items[-1]["sk"] if len(items) == limit else None


def _item(tenant: Tenant) -> Item:
    values: dict[str, Any] = msgspec.to_builtins(tenant)
    return {"pk": ALL, "sk": tenant.id, **values}
