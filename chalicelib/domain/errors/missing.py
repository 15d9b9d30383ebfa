"""What was asked for isn't there; what is another tenant's isn't either."""

from chalicelib.domain.errors.base import GatewayError


class NotFound(GatewayError):
    """There is nothing there."""

    code = "NOT_FOUND"
    status = 404


class SessionNotFound(NotFound):
    """No such session in the caller's tenant; another tenant's session looks the same."""

    code = "SESSION_NOT_FOUND"


class MessageNotFound(NotFound):
    """No such message in the caller's session."""

    code = "MESSAGE_NOT_FOUND"


class UserNotFound(NotFound):
    """No such user in the caller's tenant; another tenant's user looks the same."""

    code = "USER_NOT_FOUND"


class KeyNotFound(NotFound):
    """No such API key, or not one of those that the caller may manage."""

    code = "KEY_NOT_FOUND"


class TenantNotFound(NotFound):
    """No such tenant."""

    code = "TENANT_NOT_FOUND"
