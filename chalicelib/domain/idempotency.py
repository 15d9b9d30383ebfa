"""Idempotency-Keys: what a key was first used for, and what a request that creates something gets to create it with."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Claim:
    """What stands for a key: its first request's ``fingerprint``, and the id that the ``result`` has.

    ``at`` is when it was first used (milliseconds since the Unix epoch), ``made`` whether the result was answered.
    """

    fingerprint: str
    result: str
    at: int
    made: bool = False


@dataclass(frozen=True, slots=True)
class Reservation:
    """The id and the time that all requests with one key share, so that together they create one thing.

    Nothing that is answered is stored: it holds secrets. Whoever comes with the key finds the thing by the ``id`` that
    it was created with, or creates it, if whoever came first was cut short; ``made`` says that it was there, so that
    it isn't created again when it has been removed since. ``entropy`` is 32 secret bytes, the same for each of these
    requests, to make a secret from that is stored nowhere.
    """

    id: str
    at: int
    made: bool
    entropy: bytes = field(repr=False)
