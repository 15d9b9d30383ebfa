"""Who a client says it is at the end of the handshake: a new device that wants to register, or a linked one."""

from dataclasses import dataclass

from infra.local.whatsapp import xeddsa
from infra.local.whatsapp.accounts import PreKey
from infra.local.whatsapp.keys import KEY_SIZE, KEY_TYPE
from infra.local.whatsapp.protobuf import MalformedMessage, Message

# ClientPayload
_USERNAME, _DEVICE, _PAIRING = 1, 18, 19
# its devicePairingData
_REGISTRATION, _IDENTITY, _KEY_ID, _KEY, _SIGNATURE, _PROPERTIES = 1, 3, 4, 5, 6, 8
_PROPERTIES_OS = 1


@dataclass(frozen=True, slots=True)
class Registration:
    """A device without an account: its id (4 bytes), identity key and signed key, and the name it gives its system."""

    registration: bytes
    identity: bytes
    signed_prekey: PreKey
    platform: str


@dataclass(frozen=True, slots=True)
class Login:
    """A linked device: the account's phone number and the device's place in it."""

    number: str
    device: int


def read_payload(data: bytes) -> Registration | Login:
    """Read a ClientPayload; MalformedMessage if it isn't one or the key's signature is wrong."""
    message = Message.decode(data)
    if not message.has(_PAIRING):
        return Login(str(message.number(_USERNAME)), message.number(_DEVICE))
    pairing = message.message(_PAIRING)
    identity, key = pairing.data(_IDENTITY), pairing.data(_KEY)
    signature = pairing.data(_SIGNATURE)
    if len(key) != KEY_SIZE or not xeddsa.verified(identity, KEY_TYPE + key, signature):
        raise MalformedMessage("the signed key isn't signed by the identity key")
    return Registration(
        registration=pairing.data(_REGISTRATION),
        identity=identity,
        signed_prekey=PreKey(pairing.data(_KEY_ID), key, signature),
        platform=pairing.message(_PROPERTIES).data(_PROPERTIES_OS).decode(errors="replace"),
    )
