"""The text inside a linking QR code, as a phone reads it."""

from base64 import b64decode
from dataclasses import dataclass, field

from infra.local.whatsapp.errors import ForeignCode
from infra.local.whatsapp.keys import KEY_SIZE

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
