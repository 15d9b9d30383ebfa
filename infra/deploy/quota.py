"""Lambda's quota of the account against what the stack reserves of it: new accounts have room for 10 at once."""

from collections.abc import Mapping
from typing import Final

from infra.deploy.account import Account, explained
from infra.deploy.refusal import Refused

PARAMETER: Final = "ReservedConcurrency"
FUNCTIONS: Final = 2
"""How many functions reserve as much."""
POLLS: Final = "PollConcurrency"
"""What one more reserves, where those reserve anything."""
LEAST: Final = 100
"""What Lambda leaves to functions that reserve nothing, or all of a smaller quota."""


def check(account: Account, parameters: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Raise Refused if Lambda would refuse the reservation; ``before`` are the parameters of the stack that stands."""
    more = _reserved(parameters) - _reserved(before)
    if more <= 0:
        return
    with explained("tell how many functions may run at once"):
        limit = account.session.client("lambda").get_account_settings()["AccountLimit"]
    free, least = limit["UnreservedConcurrentExecutions"], min(LEAST, limit["ConcurrentExecutions"])
    if free - more < least:
        raise Refused(
            f"{PARAMETER}={parameters[PARAMETER]} would reserve {more} more of the functions that may run at once in "
            f"this account and region; {free} are free, and {least} must stay so. Add PARAMETERS={PARAMETER}=0, or ask "
            "AWS for more: Service Quotas, Lambda, Concurrent executions."
        )


def _reserved(parameters: Mapping[str, str]) -> int:
    each = int(parameters.get(PARAMETER, "0"))
    return FUNCTIONS * each + int(parameters.get(POLLS, "0")) if each else 0
