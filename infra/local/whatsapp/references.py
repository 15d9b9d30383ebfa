"""The references inside linking codes: random, and recognisable as this server's own however old they are."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode

_PREFIX = "2@"
_RANDOM_SIZE = 64
_MARK_SIZE = 32


class References:
    """Issues references that carry a mark only the holder of `key` can make, so none need be remembered."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self) -> str:
        """A new reference, about as long as WhatsApp's."""
        chance = secrets.token_bytes(_RANDOM_SIZE)
        return _PREFIX + b64encode(chance + self._mark(chance)).decode()

    def issued(self, reference: str) -> bool:
        """Whether this server, or an earlier run of it, issued the reference."""
        try:
            data = b64decode(reference.removeprefix(_PREFIX), validate=True)
        except ValueError:
            return False
        return hmac.compare_digest(data[_RANDOM_SIZE:], self._mark(data[:_RANDOM_SIZE]))

    def _mark(self, chance: bytes) -> bytes:
        return hmac.digest(self._key, chance, hashlib.sha256)[:_MARK_SIZE]
