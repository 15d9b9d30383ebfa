"""A session's proxy: what all of its traffic with WhatsApp goes through, linking, running and media alike."""

from dataclasses import dataclass, field
from enum import StrEnum


class ProxyType(StrEnum):
    """How a proxy is spoken to: HTTP's CONNECT, the same in TLS, or SOCKS 5."""

    HTTP = "http"
    HTTPS = "https"
    SOCKS5 = "socks5"


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and what it is shown; the credentials are told to nobody but the proxy.

    ``host`` is a name in ASCII, or an address without brackets. Where a name leads is asked each time it is used.
    """

    type: ProxyType
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
