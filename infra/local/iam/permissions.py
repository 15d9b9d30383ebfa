"""What each caller may do, and what it did: the local AWS asks before it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from infra.local.iam.callers import OPERATOR
from infra.local.iam.policy import Statement, Use


@dataclass(frozen=True, slots=True)
class Permissions:
    """The roles' statements by caller. Used from many threads."""

    roles: Mapping[str, tuple[Statement, ...]]
    used: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """What was allowed: action and resource, by caller."""
    refused: list[str] = field(default_factory=list)
    """What was not, as sentences."""
    _lock: Lock = field(default_factory=Lock)
    _known: dict[tuple[str, Use], bool] = field(default_factory=dict)
    """What was decided before: callers ask for the same again and again."""

    def denial(self, caller: str, uses: Iterable[Use]) -> str | None:
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

    def _allowed(self, caller: str, use: Use) -> bool:
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
