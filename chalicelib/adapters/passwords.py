"""Password hashing by argon2id, with the library's own parameters (RFC 9106, low memory)."""

from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class ArgonPasswords:
    """The Passwords port."""

    @cached_property
    def _hasher(self) -> PasswordHasher:
        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """A hash to compare with where there is no user, so that the time taken doesn't tell."""
        return self._hasher.hash("nobody")

    def hash(self, password: str) -> str:
        """Return the encoded hash with its salt and parameters."""
        return self._hasher.hash(password)

    def matches(self, password_hash: str, password: str) -> bool:
        """Verify; without a hash it takes as long and is false."""
        try:
            return self._hasher.verify(password_hash or self._nobody, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, password_hash: str) -> bool:
        """Compare the hash's parameters with the library's own."""
        return self._hasher.check_needs_rehash(password_hash)
