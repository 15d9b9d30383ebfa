"""Requests that create something, made safe to repeat: one reservation for all that come with the same key."""

from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from chalicelib.domain.errors import IdempotencyKeyReused
from chalicelib.services.ports import Clock, IdempotencyStore, NewId


@dataclass(frozen=True, slots=True)
class Reservation:
    """The id and the time that all requests with one key share, so that together they create one thing.

    Answers aren't stored, since they hold secrets. A repeated request finds the thing by the ``id`` that it was created
    with, or creates it, if the first request was cut short. ``made`` says that the thing existed once, so that a thing
    that was removed since isn't created again. ``entropy`` is 32 secret bytes, the same for all these requests, from
    which a secret is made that is stored nowhere.
    """

    id: str
    at: int
    made: bool
    entropy: bytes = field(repr=False)


class KeyedHashes(Protocol):
    """Keyed hashes (HMAC-SHA-256). Their keys aren't in the table, so a hash that leaked can't be guessed at."""

    def current(self) -> str:
        """Return the id of the key in force."""

    def digest(self, key_id: str, purpose: str, text: bytes) -> bytes | None:
        """Return 32 bytes made from the text for that purpose alone; None if there is no such key (any more)."""


class Reservations(Struct, frozen=True):
    """Reserves ids. A ``key`` here is the caller's Idempotency-Key with the caller's name: two callers share none.

    The fingerprint of a request is a keyed hash, since a password may be in the request, and remembers its key's id:
    keys change.
    """

    store: IdempotencyStore
    hashes: KeyedHashes
    clock: Clock
    new_id: NewId

    def reserve(self, tenant: str, key: str, *, request: bytes) -> Reservation:
        """Return what the first request with this key reserved, which may be this one.

        Raises IdempotencyKeyReused if the first request was another one.
        """
        who = f"{tenant}\0{key}\0".encode()
        mine = self._fingerprint(self.hashes.current(), who + request)
        claim = self.store.claim(tenant, key, fingerprint=mine or "", result=self.new_id(), now=self.clock())
        key_id = claim.fingerprint.rpartition(":")[0]
        entropy = self.hashes.digest(key_id, "result", who + claim.result.encode())
        if entropy is None or claim.fingerprint != self._fingerprint(key_id, who + request):
            raise IdempotencyKeyReused("This Idempotency-Key came with another request before.")
        return Reservation(claim.result, claim.at, claim.made, entropy)

    def fulfil(self, tenant: str, key: str, reservation: Reservation) -> None:
        """Note that the reserved thing has been created."""
        if not reservation.made:
            self.store.finish(tenant, key, result=reservation.id)

    def _fingerprint(self, key_id: str, text: bytes) -> str | None:
        digest = self.hashes.digest(key_id, "request", text)
        return f"{key_id}:{digest.hex()}" if digest else None
