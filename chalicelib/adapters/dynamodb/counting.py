"""How many there are on a tenant's list, as far as that is asked for."""

from chalicelib.adapters.dynamodb.table import Condition, Table


def listed(table: Table, tenant: str, prefix: str, *, most: int) -> int:
    """Count the entries of the tenant's list whose sort keys begin so, up to ``most``; read consistently."""
    where = Condition("pk = :pk AND begins_with(sk, :prefix)", {":pk": f"T#{tenant}", ":prefix": prefix})
    return sum(1 for _ in table.query(where, limit=most, keys_only=True))
