"""Keyed hashes: HMAC-SHA256 by the keys that also sign tokens, each purpose apart from the others and from tokens."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from chalicelib.adapters.tokens import SigningKeys


@dataclass(frozen=True, slots=True)
class KeyedSeals:
    """The Seals port. What is hashed begins with words and a NUL, which no token's signed text has."""

    keys: Callable[[], SigningKeys]

    def current(self) -> str:
        """Return the id of the key that new tokens are signed with."""
        return self.keys().current

    def seal(self, key_id: str, purpose: str, text: bytes) -> bytes | None:
        """Hash with that key."""
        secret = self.keys().keys.get(key_id)
        if secret is None:
            return None
        return hmac.digest(secret.encode(), f"switchboard idempotency {purpose}\0".encode() + text, sha256)
