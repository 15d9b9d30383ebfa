"""X3DH: how two parties agree on a first secret although one of them is away."""

from infra.local.whatsapp.keys import KEY_SIZE, KeyPair, derived
from infra.local.whatsapp.signal.bundle import Bundle
from infra.local.whatsapp.signal.chain import Chain

_DISCONTINUITY = b"\xff" * 32  # keeps these secrets apart from signatures made with the same keys


def offered(identity: KeyPair, base: KeyPair, bundle: Bundle) -> tuple[bytes, Chain]:
    """The root key and first chain for who begins, with a fresh `base` key."""
    secrets = [
        identity.shared(bundle.signed.value),
        base.shared(bundle.identity),
        base.shared(bundle.signed.value),
    ]
    if bundle.prekey:
        secrets.append(base.shared(bundle.prekey.value))
    return _agreed(secrets)


def accepted(
    identity: KeyPair, signed: KeyPair, prekey: KeyPair | None, *, their_identity: bytes, their_base: bytes
) -> tuple[bytes, Chain]:
    """The same for who was away."""
    secrets = [signed.shared(their_identity), identity.shared(their_base), signed.shared(their_base)]
    if prekey:
        secrets.append(prekey.shared(their_base))
    return _agreed(secrets)


def _agreed(secrets: list[bytes]) -> tuple[bytes, Chain]:
    both = derived(_DISCONTINUITY + b"".join(secrets), salt=None, info=b"WhisperText", size=2 * KEY_SIZE)
    return both[:KEY_SIZE], Chain(both[KEY_SIZE:])
