"""The address of a webhook, taken apart once, so that what is checked is what is connected to."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from chalicelib.domain.addresses import is_public_host

_PATH = "/%:@!$&'()*+,;=~"
_QUERY = _PATH + "?[]"


class NotAnEndpoint(ValueError):
    """The address can't be a webhook's; its text is a sentence without the address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to post: ``host`` in ASCII (a name, or an address without brackets), ``target`` the request's path."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def endpoint(url: str, *, local: bool) -> Endpoint:
    """Return the parts of a public https address; ``local`` allows plain http, and names of the inner network too.

    Nothing is resolved: where a name leads is asked at each attempt. Raises NotAnEndpoint.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise NotAnEndpoint("It isn't a web address.") from error
    if parts.scheme not in ({"https", "http"} if local else {"https"}):
        raise NotAnEndpoint("It must be an https address.")
    if "@" in parts.netloc:
        raise NotAnEndpoint("It can't hold a user name or password.")
    if not host or port == 0 or not (local or is_public_host(host)):
        raise NotAnEndpoint("Its host must be a full public name or address.")
    target = quote(parts.path or "/", safe=_PATH) + (f"?{quote(parts.query, safe=_QUERY)}" if parts.query else "")
    secure = parts.scheme == "https"
    return Endpoint(secure, host, port or (443 if secure else 80), target)
