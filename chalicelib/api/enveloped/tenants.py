"""What the gateway's operators do under ``/api/admin/tenants``; they are the default tenant's administrators."""

from typing import Final

from chalicelib import bootstrap
from chalicelib.api.answers import Answer
from chalicelib.api.call import Call
from chalicelib.api.enveloped.requests import (
    TENANT,
    NewTenant,
    TenantPatch,
    existing_tenant,
    password,
    tenant_id,
    user_name,
)
from chalicelib.api.fields import line, some_of
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.pages import bounds, page_of
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.router import Router
from chalicelib.dialects.enveloped import accounts as kinds
from chalicelib.dialects.enveloped import accounts as shapes
from chalicelib.dialects.enveloped.sessions import error
from chalicelib.dialects.shared import Success
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import Contended, TenantExists, UserExists

router: Final = Router(__name__, error)
_TENANTS: Final = Permission.TENANTS_MANAGE
_PAGE: Final = page_of(TENANT)


@router.route(
    "POST",
    "/api/admin/tenants",
    needs=_TENANTS,
    gives={201: Success[kinds.OneTenantJson]},
    refuses=(TenantExists, UserExists, Contended, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
)
def create(call: Call, body: NewTenant) -> Answer:
    """Create a tenant with its first administrator."""
    name = tenant_id(body.id, field="id")
    title = line(body.name or name, field="name")
    admin, secret = user_name(body.username, field="username"), password(body.password, field="password")
    with once(call, body) as made:
        tenant = bootstrap.tenants().create(name, title, admin=admin, password=secret, made=made)
    return Answer(shapes.one_tenant(tenant, "Tenant created"), status=201)


@router.route("GET", "/api/admin/tenants", needs=_TENANTS, gives={200: Success[kinds.TenantPageJson]}, takes=_PAGE)
def index(call: Call) -> Answer:
    """List the tenants."""
    limit, after = bounds(call, _PAGE)
    return Answer(shapes.tenants(*bootstrap.tenants().page(limit=limit, after=after)))


@router.route("GET", "/api/admin/tenants/{tenant}", needs=_TENANTS, gives={200: Success[kinds.OneTenantJson]})
def show(call: Call, tenant: str) -> Answer:
    """Give one tenant."""
    return Answer(shapes.one_tenant(bootstrap.tenants().get(existing_tenant(tenant))))


@router.route(
    "PATCH",
    "/api/admin/tenants/{tenant}",
    needs=_TENANTS,
    gives={200: Success[kinds.OneTenantJson]},
    refuses=(Contended,),
)
def change(call: Call, tenant: str, body: TenantPatch) -> Answer:
    """Rename, disable or enable a tenant."""
    name = line(body.name, field="name") if body.name is not None else None
    changed = bootstrap.tenants().change(existing_tenant(tenant), name=name, disabled=body.disabled)
    some_of(body)  # last: what isn't there isn't there, whatever is to be changed of it
    return Answer(shapes.one_tenant(changed, "Tenant updated"))
