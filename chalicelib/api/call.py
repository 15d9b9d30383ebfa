"""A call: a request, who makes it, and what it says besides its path and its body."""

from dataclasses import dataclass
from typing import TypeVar

from chalice.app import Request

from chalicelib.api import caller
from chalicelib.api.parameters import Parameter
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.errors import Forbidden, Unauthenticated

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request and who makes it."""

    request: Request
    principal: Principal | None

    @property
    def caller(self) -> Principal:
        """Who makes it, on routes that need to know."""
        if self.principal is None:
            raise Unauthenticated("This needs a credential.")
        return self.principal

    @property
    def tenant(self) -> str:
        """The caller's tenant."""
        return self.caller.tenant

    @property
    def name(self) -> str:
        """The caller's name: a user's, on routes that keys have no permission for."""
        return self.caller.name

    @property
    def bound(self) -> str | None:
        """The one session that the caller's key is for, if it is for one."""
        return self.principal.session if self.principal else None

    def naming(self, session_id: str | None, *, field: str) -> str | None:
        """Return the session that ``field`` names, None for none; by a key that is bound to one, always that one.

        Raises Forbidden if such a key names another.
        """
        if self.bound is not None and session_id not in {None, self.bound}:
            raise Forbidden("This API key is for another session alone.", field=field)
        return self.bound or session_id

    @property
    def address(self) -> str:
        """The network address that the caller calls from."""
        return caller.address(self.request.context, self.request.headers)

    @property
    def gateway(self) -> str | None:
        """The address of the gateway as the caller of a route without variables has it, None where that isn't known."""
        return caller.called(self.request.context, self.request.headers, self.request.path)

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission."""
        return self.principal is not None and self.principal.may(permission)

    def query(self, name: str) -> str | None:
        """Return a query parameter, the last one of that name."""
        parameters = self.request.query_params
        return parameters[name] if parameters and name in parameters else None

    def read(self, parameter: Parameter[T]) -> T:
        """Return what came for a parameter; raises InvalidField. The route should say that it takes it."""
        came = self.request.headers.get(parameter.name) if parameter.header else self.query(parameter.name)
        return parameter.check(came)
