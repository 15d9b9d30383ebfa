"""Passwords (argon2id), tokens (HS256 JWTs) and keyed hashes, over signing keys that change with overlap."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from chalicelib.adapters.clients import translated
from chalicelib.domain.access import User
from chalicelib.domain.errors import Unauthenticated
from chalicelib.services.ports.accounts import TokenClaims

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient
import hmac
from hashlib import sha256


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
        """Verify the password; without a hash this takes as long, and is False."""
        try:
            return self._hasher.verify(password_hash or self._nobody, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, password_hash: str) -> bool:
        """Compare the hash's parameters with the library's own."""
        return self._hasher.check_needs_rehash(password_hash)


ISSUER: Final = "switchboard"
AUDIENCE: Final = "switchboard-api"
LIFETIME: Final = 24 * 3600
"""Seconds that a token is good for."""
ALGORITHM: Final = "HS256"


class SigningKeys(Struct, frozen=True):
    """Keys by their id; new tokens are signed with the ``current`` one, all of them are accepted."""

    current: str
    keys: Mapping[str, str]


@dataclass(slots=True)
class SecretKeys:
    """Reads the secret ``{"current": kid, "keys": {kid: {"secret": text}}}``, and again after a while."""

    client: "SecretsManagerClient"
    secret: str
    seconds: float = 300.0
    _read_at: float = field(default=float("-inf"), init=False)
    _keys: SigningKeys | None = field(default=None, init=False)

    def __call__(self) -> SigningKeys:
        """Return the keys, at most ``seconds`` old."""
        if self._keys is None or time.monotonic() - self._read_at > self.seconds:
            with translated():
                text = self.client.get_secret_value(SecretId=self.secret)["SecretString"]
            told: dict[str, Any] = json.loads(text)
            self._keys = SigningKeys(told["current"], {kid: key["secret"] for kid, key in told["keys"].items()})
            self._read_at = time.monotonic()
        return self._keys


class JwtTokens(Struct, frozen=True):
    """The Tokens port."""

    keys: Callable[[], SigningKeys]

    def issue(self, user: User, *, now: int) -> tuple[str, int]:
        """Sign a token with the current key."""
        keys = self.keys()
        issued = now // 1000
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user.name,
            "tenant": user.tenant,
            "role": str(user.role),
            "gen": user.token_generation,
            "jti": secrets.token_urlsafe(12),
            "iat": issued,
            "exp": issued + LIFETIME,
        }
        token = jwt.encode(claims, keys.keys[keys.current], algorithm=ALGORITHM, headers={"kid": keys.current})
        return token, (issued + LIFETIME) * 1000

    def read(self, token: str) -> TokenClaims:
        """Verify signature, algorithm, issuer, audience and expiry; the answer never says which of them failed.

        The time of issue isn't checked: the clock of the function that issued the token may be a little ahead.
        """
        try:
            key = self.keys().keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": ["exp", "iat", "sub", "iss", "aud"], "verify_iat": False},
            )
            # Earlier versions issued tokens without an id: those that a user got within the same second share one.
            token_id = claims.get("jti", f"{claims['gen']}-{claims['iat']}")
            return TokenClaims(claims["sub"], claims["tenant"], claims["gen"], claims["exp"] * 1000, token_id)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The token has expired.", hint="Log in again.") from error
        except (jwt.InvalidTokenError, KeyError, TypeError, UnicodeError, RecursionError) as error:
            # The last two: the library encodes and parses what it was given before it verifies anything.
            raise Unauthenticated("The token isn't one of ours.", hint="Log in again.") from error


class HmacHashes(Struct, frozen=True):
    """The KeyedHashes port, by the keys that sign tokens.

    Each hashed text begins with its purpose and a NUL, which no token's signed text contains.
    """

    keys: Callable[[], SigningKeys]

    def current(self) -> str:
        """Return the id of the key that new tokens are signed with."""
        return self.keys().current

    def digest(self, key_id: str, purpose: str, text: bytes) -> bytes | None:
        """Hash with that key."""
        secret = self.keys().keys.get(key_id)
        if secret is None:
            return None
        return hmac.digest(secret.encode(), f"switchboard idempotency {purpose}\0".encode() + text, sha256)
