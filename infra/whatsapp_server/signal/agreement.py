"""X3DH: how two parties agree on a first secret although one of them is away and left a bundle of keys."""

from dataclasses import dataclass

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE, KeyPair, derived, verified
from infra.whatsapp_server.signal.ratchet import Chain


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that goes by a number."""

    id: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """A device's identity, its signed key with the signature, and a one-time key if one was left."""

    identity: bytes
    signed: PublicKey
    signature: bytes
    prekey: PublicKey | None = None

    @property
    def genuine(self) -> bool:
        """Whether the identity signed the signed key."""
        return verified(self.identity, KEY_TYPE + self.signed.value, self.signature)


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
