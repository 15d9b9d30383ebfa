"""What every error of the gateway is."""

from collections.abc import Mapping
from typing import Any, ClassVar


class GatewayError(Exception):
    """What went wrong, as a stable ``code``, an HTTP ``status`` and a ``message`` a person understands.

    ``field`` names the part of the request at fault, ``hint`` says what to do, ``retry_after`` is in seconds and
    becomes the Retry-After header, ``context`` is for dialects that answer more than the error.
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        retry_after: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint
        self.retry_after = retry_after
        self.context = dict(context or {})
