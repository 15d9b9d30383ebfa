"""Idempotency-Keys at the doors: a caller's key is its own, and a request that creates something comes once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Call
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.domain.errors import IdempotencyKeyReused, ResultGone
from chalicelib.domain.idempotency import Reservation

REPEATED: Final = (IdempotencyKeyReused, ResultGone)
"""Why a request that came with an Idempotency-Key may not have been answered as before."""


def own_key(call: Call) -> str | None:
    """Return the Idempotency-Key with the caller's name before it, None if there is no key.

    Neither has a space in it, so no two callers' keys are the same.
    """
    key = call.read(IDEMPOTENCY_KEY)
    return f"{call.name} {key}" if key else None


@contextmanager
def once(call: Call, body: msgspec.Struct | None = None) -> Iterator[Reservation | None]:
    """Yield what to create with, None if the request has no Idempotency-Key.

    What is created in this context stands when the context ends, unless by an error. The request is what its method,
    its path and the fields of its body that are known say: spaces, the order of fields and extras make no other one.
    """
    key = own_key(call)
    if key is None:
        yield None
        return
    said = [call.request.method, call.request.path, call.request.uri_params, body]
    reservations = bootstrap.reservations()
    reservation = reservations.reserve(call.tenant, key, request=msgspec.json.encode(said, order="sorted"))
    yield reservation
    reservations.fulfil(call.tenant, key, reservation)
