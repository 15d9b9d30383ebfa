"""The request is right, the moment isn't: what stands in the table is in its way."""

from chalicelib.domain.errors.base import GatewayError


class Conflict(GatewayError):
    """The request is right but does not fit the state of things."""

    code = "CONFLICT"
    status = 409


class SessionExists(Conflict):
    """A session has this id already; the answer may show it.

    ``context["session"]`` is that session.
    """

    code = "SESSION_EXISTS"


class PhoneMismatch(Conflict):
    """The session was created for the number that was named, and another account is linked.

    ``context["session"]`` is the session.
    """

    code = "PHONE_MISMATCH"


class SessionAmbiguous(Conflict):
    """The request names no session, and it isn't clear which one of the tenant's is meant."""

    code = "SESSION_AMBIGUOUS"


class SessionDeleting(Conflict):
    """The session is being deleted; its id is free again when that is done."""

    code = "SESSION_DELETING"


class UserExists(Conflict):
    """A user has this name already, in whatever tenant: a login names no tenant."""

    code = "USER_EXISTS"


class TenantExists(Conflict):
    """A tenant has this id already."""

    code = "TENANT_EXISTS"


class LastAdministrator(Conflict):
    """The tenant would be left without an administrator; nothing was changed."""

    code = "LAST_ADMINISTRATOR"


class TooManyKeys(Conflict):
    """The user has as many API keys as one may have; nothing was made."""

    code = "TOO_MANY_KEYS"


class ResultGone(Conflict):
    """What was made by the first request with this Idempotency-Key has been removed since; nothing was done."""

    code = "RESULT_GONE"


class Contended(Conflict):
    """Others changed the same thing again and again; nothing was written."""

    code = "CONTENDED"
