"""What a device leaves with the server, so that others can begin a session with it while it is away."""

from dataclasses import dataclass

from infra.local.whatsapp import xeddsa
from infra.local.whatsapp.keys import KEY_TYPE


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
        return xeddsa.verified(self.identity, KEY_TYPE + self.signed.value, self.signature)
