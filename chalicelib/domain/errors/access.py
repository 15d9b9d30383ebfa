"""Who asks is at fault: not known, not allowed, or too often."""

from chalicelib.domain.errors.base import GatewayError


class Unauthenticated(GatewayError):
    """No credential, or one that isn't good (any more)."""

    code = "UNAUTHENTICATED"
    status = 401


class InvalidCredentials(Unauthenticated):
    """The user name or the password is wrong; which of them is not said."""

    code = "INVALID_CREDENTIALS"


class Forbidden(GatewayError):
    """The caller is known but may not do this."""

    code = "FORBIDDEN"
    status = 403


class SessionDisabled(Forbidden):
    """The session's owner switched it off; nothing is sent."""

    code = "SESSION_DISABLED"


class TooManyWatchers(GatewayError):
    """As many clients watch the session, or the tenant's sessions, as may; this one was let in nowhere."""

    code = "TOO_MANY_WATCHERS"
    status = 429


class TooManyAttempts(GatewayError):
    """Too many tries; Retry-After says when the next one counts."""

    code = "TOO_MANY_ATTEMPTS"
    status = 429
