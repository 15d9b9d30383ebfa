"""Joins what knows who may do what: accounts, users, tenants, keys."""

from functools import cache

from chalicelib.adapters.dynamodb.accounts import (
    DynamoKeys,
    DynamoLoginAttempts,
    DynamoTenants,
    DynamoTickets,
    DynamoUsers,
)
from chalicelib.adapters.dynamodb.messages import DynamoIdempotency
from chalicelib.adapters.names import new_api_key, new_id, new_ticket
from chalicelib.bootstrap import parts
from chalicelib.config import settings
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.keys import ApiKeys, Tickets
from chalicelib.services.accounts.tenants import Tenants
from chalicelib.services.accounts.users import Administrators, Users
from chalicelib.services.reservations import Reservations


@cache
def reservations() -> Reservations:
    """Return who has things created once."""
    # Imported late, as in ``accounts``.
    from chalicelib.adapters.credentials import HmacHashes  # noqa: PLC0415

    return Reservations(DynamoIdempotency(parts.table()), HmacHashes(parts.signing_keys()), parts.clock, new_id)


@cache
def accounts() -> Accounts:
    """Return who checks credentials."""
    # Imported late: the worker's image has neither library, and the functions of the stream don't need them.
    from chalicelib.adapters.credentials import ArgonPasswords, JwtTokens  # noqa: PLC0415

    return Accounts(
        users=DynamoUsers(parts.table()),
        tenants=DynamoTenants(parts.table()),
        attempts=DynamoLoginAttempts(parts.table()),
        passwords=ArgonPasswords(),
        tokens=JwtTokens(parts.signing_keys()),
        closing=parts.closing(),
        clock=parts.clock,
        allow_anonymous=settings().allow_anonymous,
    )


@cache
def api_keys() -> ApiKeys:
    """Return who keeps API keys."""
    return ApiKeys(
        DynamoKeys(parts.table()),
        DynamoUsers(parts.table()),
        parts.closing(),
        parts.clock,
        new_id,
        new_api_key,
        settings().keys_per_tenant,
    )


@cache
def tickets() -> Tickets:
    """Return who gives and takes tickets for WebSockets."""
    most = settings().tickets_per_minute
    return Tickets(DynamoTickets(parts.table()), accounts(), api_keys(), parts.clock, new_ticket, most)


@cache
def users() -> Users:
    """Return the administrators' side of users."""
    stores = DynamoUsers(parts.table()), DynamoTenants(parts.table())
    return Users(
        *stores,
        Administrators(stores[1]),
        api_keys(),
        parts.closing(),
        accounts().passwords,
        accounts().attempts,
        parts.clock,
        settings().users_per_tenant,
    )


@cache
def tenants() -> Tenants:
    """Return the operators' side of tenants."""
    return Tenants(DynamoTenants(parts.table()), users(), parts.session_store(), parts.moves(), parts.clock)


def first_administrator(name: str, password: str, tenant: str) -> bool:
    """Create the deployment's first administrator; False, and nothing changed, if there is a user of that name."""
    return accounts().first_administrator(name, password, tenant)
