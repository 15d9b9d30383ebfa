"""The request is at fault, whatever stands in the table."""

from chalicelib.domain.errors.base import GatewayError


class Invalid(GatewayError):
    """The request can't be understood."""

    code = "INVALID_REQUEST"
    status = 400


class InvalidField(Invalid):
    """One field of the request is wrong; ``field`` names it."""

    code = "INVALID_FIELD"


class BodyTooLarge(Invalid):
    """The request's body is over the limit."""

    code = "BODY_TOO_LARGE"
    status = 413


class UnsupportedEncoding(Invalid):
    """The request's body is compressed in a way that nobody here can read."""

    code = "UNSUPPORTED_CONTENT_ENCODING"
    status = 415


class MethodNotAllowed(GatewayError):
    """The path is right, the method isn't."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class IdempotencyKeyReused(GatewayError):
    """The same Idempotency-Key came with another request before; nothing was done."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422
