"""What each caller may do and what it did, and the check of every request to the local AWS."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from infra.local.aws import ACCOUNT, REGION, LocalAws
from infra.local.iam.callers import NAMELESS, OPERATOR, WORKER, Callers
from infra.local.iam.policy import ApiUse, Statement, roles_of, statements_of, without_names
from infra.local.iam.uses import Roles, Unread, connection_use, uses


@dataclass(frozen=True, slots=True)
class Permissions:
    """The roles' statements by caller. Used from many threads."""

    roles: Mapping[str, tuple[Statement, ...]]
    used: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """The allowed uses: action and resource, by caller."""
    refused: list[str] = field(default_factory=list)
    """The refused uses, as sentences."""
    _lock: Lock = field(default_factory=Lock)
    _known: dict[tuple[str, ApiUse], bool] = field(default_factory=dict)
    """Earlier decisions: callers repeat the same requests."""

    def denial(self, caller: str, uses: Iterable[ApiUse]) -> str | None:
        """Return why the caller may not do all this, in AWS's words; None if it may."""
        if caller == OPERATOR:
            return None
        for use in uses:
            allowed = self._allowed(caller, use)
            with self._lock:
                if not allowed:
                    self.refused.append(f"{caller}: {use.action} on {use.resource}")
                    return (
                        f"User: {caller} is not authorized to perform: {use.action} on resource: {use.resource} "
                        f"because no identity-based policy allows the {use.action} action"
                    )
                self.used.setdefault(caller, set()).add((use.action, use.resource))
        return None

    def _allowed(self, caller: str, use: ApiUse) -> bool:
        known = self._known.get((caller, use))
        if known is None:
            known = any(statement.allows(use) for statement in self.roles.get(caller, ()))
            self._known[caller, use] = known
        return known

    def noted(self) -> dict[str, Any]:
        """Return what was allowed, used and refused, as JSON: action and resource, by caller."""
        with self._lock:
            allowed = {
                caller: [[action, on] for one in each for action in one.actions for on in one.resources]
                for caller, each in self.roles.items()
            }
            used = {caller: sorted(map(list, uses)) for caller, uses in self.used.items()}
            return {"allowed": allowed, "used": used, "refused": list(self.refused)}


Denial = Callable[[str, str], str | None]
CONNECTIONS_API: Final = "local"
"""The WebSocket API's id and stage, as the local front has them."""
STAGE: Final = "api"


@dataclass(frozen=True, slots=True)
class Authorizer:
    """Judges requests to the services of one account and region; ``roles`` knows the task definitions' roles."""

    place: tuple[str, str]
    permissions: Permissions
    roles: Roles
    callers: Callers

    def service(self, authorization: str, target: str, body: bytes) -> str | None:
        """Return why a request to a service is not allowed; None if it is."""
        caller = self.callers.caller_of(authorization)
        if caller is None or caller == OPERATOR:
            return NAMELESS if caller is None else None
        try:
            needed = uses(self.place, target, body, self.roles)
        except Unread as unread:
            return f"User: {caller} is not authorized to perform: {unread}"
        return self.permissions.denial(caller, needed)

    def connections(self, authorization: str, method: str) -> str | None:
        """Return why a request to ``@connections`` is not allowed; None if it is."""
        caller = self.callers.caller_of(authorization)
        if caller is None:
            return NAMELESS
        return self.permissions.denial(caller, [connection_use(self.place, CONNECTIONS_API, STAGE, method)])


_BESIDE = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "WebsocketAPI": CONNECTIONS_API,
}
"""What the template's expressions call things that are not among the local resources."""


def enforce_roles(aws: LocalAws) -> Authorizer:
    """Hold every function and every worker to its role from now on; return what notes the permissions that they use."""
    resources = without_names(aws.resolve(aws.template.resources), _BESIDE)
    roles = {caller: statements_of(role, resources) for caller, role in roles_of(aws.template.resources).items()}
    task = resources[WORKER]["Properties"]
    passed = (task["TaskRoleArn"], task["ExecutionRoleArn"])
    authorizer = Authorizer((ACCOUNT, REGION), Permissions(roles), lambda _: passed, aws.callers)
    aws.server.denial = authorizer.service
    return authorizer
