"""Who a client says it is at the end of the handshake: a new device that wants to register, or a linked one."""

from dataclasses import dataclass

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE, verified
from chalicelib.wire.protobuf import MalformedMessage, WireMessage
from infra.whatsapp_server.accounts import PreKey

# ClientPayload
_USERNAME, _DEVICE, _PAIRING = 1, 18, 19
# its devicePairingData
_REGISTRATION, _IDENTITY, _KEY_ID, _KEY, _SIGNATURE, _PROPERTIES = 1, 3, 4, 5, 6, 8
_PROPERTIES_OS, _FULL_SYNC, _HISTORY = 1, 4, 5
# its HistorySyncConfig
_FULL_DAYS, _FULL_MB, _QUOTA_MB, _RECENT_DAYS = 1, 2, 3, 5


@dataclass(frozen=True, slots=True)
class HistoryWanted:
    """How much of the account's past a new device asks its phone for; 0 where it names no bound."""

    all: bool
    full_days: int
    full_mb: int
    recent_days: int
    quota_mb: int


@dataclass(frozen=True, slots=True)
class Registration:
    """A device without an account: its id (4 bytes), identity key and signed key, and the name it gives its system."""

    registration: bytes
    identity: bytes
    signed_prekey: PreKey
    platform: str
    history: HistoryWanted


@dataclass(frozen=True, slots=True)
class Login:
    """A linked device: the account's phone number and the device's place in it."""

    number: str
    device: int


def read_payload(data: bytes) -> Registration | Login:
    """Read a ClientPayload; MalformedMessage if it isn't one or the key's signature is wrong."""
    message = WireMessage.decode(data)
    if not message.has(_PAIRING):
        return Login(str(message.number(_USERNAME)), message.number(_DEVICE))
    pairing = message.message(_PAIRING)
    identity, key = pairing.data(_IDENTITY), pairing.data(_KEY)
    signature = pairing.data(_SIGNATURE)
    properties = pairing.message(_PROPERTIES)
    if len(key) != KEY_SIZE or not verified(identity, KEY_TYPE + key, signature):
        raise MalformedMessage("the signed key isn't signed by the identity key")
    return Registration(
        registration=pairing.data(_REGISTRATION),
        identity=identity,
        signed_prekey=PreKey(pairing.data(_KEY_ID), key, signature),
        platform=properties.data(_PROPERTIES_OS).decode(errors="replace"),
        history=_history(properties),
    )


def _history(properties: WireMessage) -> HistoryWanted:
    bounds = properties.message(_HISTORY)
    return HistoryWanted(
        all=bool(properties.number(_FULL_SYNC)),
        full_days=bounds.number(_FULL_DAYS),
        full_mb=bounds.number(_FULL_MB),
        recent_days=bounds.number(_RECENT_DAYS),
        quota_mb=bounds.number(_QUOTA_MB),
    )
