"""The tenant has as much of something as it may have; nothing was made."""

from chalicelib.domain.errors.access import Forbidden
from chalicelib.domain.errors.base import GatewayError


class QuotaExceeded(Forbidden):
    """The tenant has as much as it may have of what was asked for; each kind has a code of its own."""


class SessionQuotaExceeded(QuotaExceeded):
    """The tenant has as many sessions as it may have; nothing was created."""

    code = "SESSION_QUOTA_EXCEEDED"


class WorkerQuotaExceeded(QuotaExceeded):
    """As many of the tenant's sessions run as may run at a time; nothing was started."""

    code = "WORKER_QUOTA_EXCEEDED"


class UserQuotaExceeded(QuotaExceeded):
    """The tenant has as many users as it may have; nobody was created."""

    code = "USER_QUOTA_EXCEEDED"


class KeyQuotaExceeded(QuotaExceeded):
    """The tenant has as many API keys as it may have; none was made."""

    code = "KEY_QUOTA_EXCEEDED"


class TicketQuotaExceeded(GatewayError):
    """The tenant was given as many tickets within this minute as it may be; Retry-After says when to go on."""

    code = "TICKET_QUOTA_EXCEEDED"
    status = 429
