"""Linking codes: those in a QR picture, which carry a reference, and those that a person types on the phone.

A client rotates by itself through each list of references it is given: the first code of a list of exactly six stays 60
seconds, every other code 20. A further list doesn't end the first: the client goes on with both and shows what came
last. A code to be typed is the client's own invention; the server knows its reference, its phone and when it ends.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.wire.curve25519 import KEY_SIZE
from infra.whatsapp_server.errors import ForeignCode

_PAGE = "linked_devices#"
_FOREIGN = "That is not a WhatsApp linking code."


@dataclass(frozen=True, slots=True)
class LinkingCode:
    """The server's reference, the device's two public keys and the secret that only the picture carries."""

    reference: str
    noise_key: bytes
    identity: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "LinkingCode":
        """Read `[https://wa.me/settings/linked_devices#]REF,NOISE,IDENTITY,SECRET[,CLIENT TYPE]`; else ForeignCode.

        Newer clients put the address in front and their type behind; older ones show the four parts alone.
        """
        parts = text.strip().rpartition(_PAGE)[2].split(",")
        if len(parts) < 4 or not parts[0]:
            raise ForeignCode(_FOREIGN)
        try:
            noise_key, identity, secret = (b64decode(part, validate=True) for part in parts[1:4])
        except ValueError as error:
            raise ForeignCode(_FOREIGN) from error
        if {len(noise_key), len(identity), len(secret)} != {KEY_SIZE}:
            raise ForeignCode(_FOREIGN)
        return cls(parts[0], noise_key, identity, secret)


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


FULL_LIST = 6
FIRST_S = 60.0
OTHER_S = 20.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A reference and when the client begins to show it; monotonic seconds."""

    reference: str
    start: float


@dataclass(slots=True)
class CodeOffer:
    """All lists given to one client, and when each ends. A code that a phone used is shown on, but serves nobody."""

    shown: list[Shown] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def add(self, references: Sequence[str], now: float) -> None:
        """Note a list sent at `now`."""
        start = now
        for left, reference in zip(range(len(references), 0, -1), references, strict=True):
            self.shown.append(Shown(reference, start))
            start += FIRST_S if left == FULL_LIST else OTHER_S
        self.ends.append(start)

    def current(self, now: float) -> str | None:
        """The reference on show at `now`; None if it was used, or once a list ran out: then the client gives up."""
        if now >= min(self.ends, default=now):
            return None
        latest = max((one for one in self.shown if one.start <= now), key=lambda one: one.start, default=None)
        return None if latest is None or latest.reference in self.used else latest.reference


PAIRING_S = 180.0
MOST_TRIES = 3
MOST_CODES = 5
CODES_WINDOW_S = 600.0


@dataclass(slots=True)
class PairingCode:
    """A code that a device shows for one phone. `wrapped_key` is the device's key for this linking, under the code."""

    number: str
    reference: bytes
    wrapped_key: bytes
    start: float
    tries: int = 0
    used: bool = False

    def awaited(self, now: float) -> bool:
        """Whether it can be typed at `now`: not once it was used, three times typed, or is three minutes old."""
        return not self.used and self.tries < MOST_TRIES and now < self.start + PAIRING_S


class CodeThrottle:
    """Lets devices ask for five codes to one phone in ten minutes."""

    def __init__(self) -> None:
        self._asked: dict[str, deque[float]] = {}

    def allows(self, number: str, now: float) -> bool:
        """Whether one more may be asked for at `now`; if so, it counts."""
        asked = self._asked.setdefault(number, deque())
        while asked and asked[0] <= now - CODES_WINDOW_S:
            asked.popleft()
        if len(asked) >= MOST_CODES:
            return False
        asked.append(now)
        return True
