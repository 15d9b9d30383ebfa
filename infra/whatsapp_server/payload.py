"""Who a client says it is at the end of the handshake: a new device that wants to register, or a linked one."""

from dataclasses import dataclass

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE, verified
from chalicelib.wire.proto import MalformedMessage, parse
from chalicelib.wire.proto.handshake_pb2 import ClientPayload, DeviceProps
from infra.whatsapp_server.accounts import PreKey

Version = tuple[int, int, int]
"""A client's version, as WhatsApp Web counts it: 2, 3000 and the build."""


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
    version: Version = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Login:
    """A linked device: the account's phone number and the device's place in it."""

    number: str
    device: int
    version: Version = (0, 0, 0)


def read_payload(data: bytes) -> Registration | Login:
    """Read a ClientPayload; MalformedMessage if it isn't one or the key's signature is wrong."""
    payload = parse(ClientPayload, data)
    if not payload.HasField("devicePairingData"):
        return Login(str(payload.username), payload.device, _version(payload))
    pairing = payload.devicePairingData
    identity, key, signature = pairing.eIdent, pairing.eSkeyVal, pairing.eSkeySig
    properties = parse(DeviceProps, pairing.deviceProps)
    if len(key) != KEY_SIZE or not verified(identity, KEY_TYPE + key, signature):
        raise MalformedMessage("the signed key isn't signed by the identity key")
    return Registration(
        registration=pairing.eRegid,
        identity=identity,
        signed_prekey=PreKey(pairing.eSkeyID, key, signature),
        platform=properties.os,
        history=_history(properties),
        version=_version(payload),
    )


def _version(payload: ClientPayload) -> Version:
    version = payload.userAgent.appVersion
    return version.primary, version.secondary, version.tertiary


def _history(properties: DeviceProps) -> HistoryWanted:
    bounds = properties.historySyncConfig
    return HistoryWanted(
        all=properties.requireFullSync,
        full_days=bounds.fullSyncDaysLimit,
        full_mb=bounds.fullSyncSizeMbLimit,
        recent_days=bounds.recentSyncDaysLimit,
        quota_mb=bounds.storageQuotaMb,
    )
