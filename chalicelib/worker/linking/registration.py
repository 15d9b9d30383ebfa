"""A device that isn't linked yet: its keys, what it is to be called, and the payload that it registers with.

The payload is the client library's byte for byte, random values aside: WhatsApp sees one kind of client, which links
with one half and logs in with the other. A test holds both beside each other.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from chalicelib.domain.access import DeviceType
from chalicelib.wire.curve25519 import KEY_TYPE, KeyPair, sign
from chalicelib.wire.proto.handshake_pb2 import ClientPayload, DeviceProps

VERSION: Final = (2, 3000, 1047769893)
"""WhatsApp Web's version that the client library claims to be; a test compares it with the installed library."""
SIGNED_PREKEY_ID: Final = 1
SECRET_SIZE: Final = 32

PLATFORMS: Final = {
    DeviceType.CHROME: DeviceProps.CHROME,
    DeviceType.EDGE: DeviceProps.EDGE,
    DeviceType.FIREFOX: DeviceProps.FIREFOX,
    DeviceType.OPERA: DeviceProps.OPERA,
    DeviceType.SAFARI: DeviceProps.SAFARI,
    DeviceType.DESKTOP: DeviceProps.DESKTOP,
}


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a device looks: ``name`` in the phone's list of linked devices, and the kind of program that it is."""

    name: str = "Switchboard"
    type: DeviceType = DeviceType.SAFARI

    @property
    def platform(self) -> "DeviceProps.PlatformType":
        """The type in WhatsApp's words."""
        return PLATFORMS[self.type]

    @property
    def properties(self) -> DeviceProps:
        """What the device says of itself: as little history as can be asked for, since nobody here reads it.

        The library unpacks and stores whatever the phone sends. The rest of the settings is the library's own.
        """
        return DeviceProps(
            os=self.name,
            version=DeviceProps.AppVersion(primary=0, secondary=1, tertiary=0),
            platformType=self.platform,
            requireFullSync=False,
            historySyncConfig=DeviceProps.HistorySyncConfig(
                fullSyncDaysLimit=1,
                fullSyncSizeMbLimit=1,
                storageQuotaMb=100,
                inlineInitialPayloadInE2EeMsg=True,
                recentSyncDaysLimit=1,
                supportCallLogHistory=True,
                supportBotUserAgentChatHistory=True,
                supportCagReactionsAndPolls=True,
                supportBizHostedMsg=True,
                supportRecentSyncChunkMessageCountTuning=True,
                supportHostedGroupMsg=True,
                supportFbidBotChatHistory=True,
                supportMessageAssociation=True,
                supportGroupHistory=True,
                thumbnailSyncDaysLimit=60,
                supportManusHistory=True,
                supportHatchHistory=True,
            ),
        )


USUAL: Final = Appearance()
"""How a device looks unless its tenant wants otherwise."""


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """The keys of a device; all of them are stored once it is linked."""

    noise: KeyPair = field(default_factory=KeyPair.generate)
    identity: KeyPair = field(default_factory=KeyPair.generate)
    signed_prekey: KeyPair = field(default_factory=KeyPair.generate)
    signature: bytes = b""
    """The identity key's, of the signed prekey."""
    registration_id: int = field(default_factory=lambda: secrets.randbits(32))

    def __post_init__(self) -> None:
        """Sign the prekey, unless its signature is known."""
        if not self.signature:
            signature = sign(self.identity.private, KEY_TYPE + self.signed_prekey.public)
            object.__setattr__(self, "signature", signature)


def new_secret() -> bytes:
    """Return a fresh secret, by which a phone proves that it has seen a code of this device."""
    return secrets.token_bytes(SECRET_SIZE)


def registration(keys: DeviceKeys, appearance: Appearance, version: tuple[int, int, int] = VERSION) -> bytes:
    """Return the ClientPayload of a device that wants to register."""
    agent = ClientPayload.UserAgent(
        platform=ClientPayload.UserAgent.WEB,
        appVersion=dict(zip(("primary", "secondary", "tertiary"), version, strict=True)),
        mcc="000",
        mnc="000",
        osVersion="0.1",
        manufacturer="",
        device="Desktop",
        osBuildNumber="0.1",
        releaseChannel=ClientPayload.UserAgent.RELEASE,
        localeLanguageIso6391="en",
        localeCountryIso31661Alpha2="US",
    )
    data = ClientPayload.DevicePairingRegistrationData(
        eRegid=keys.registration_id.to_bytes(4, "big"),
        eKeytype=KEY_TYPE,
        eIdent=keys.identity.public,
        eSkeyID=SIGNED_PREKEY_ID.to_bytes(3, "big"),
        eSkeyVal=keys.signed_prekey.public,
        eSkeySig=keys.signature,
        buildHash=hashlib.md5(".".join(map(str, version)).encode(), usedforsecurity=False).digest(),
        deviceProps=appearance.properties.SerializeToString(),
    )
    payload = ClientPayload(
        passive=False,
        userAgent=agent,
        webInfo=ClientPayload.WebInfo(webSubPlatform=ClientPayload.WebInfo.WEB_BROWSER),
        connectType=ClientPayload.WIFI_UNKNOWN,
        connectReason=ClientPayload.USER_ACTIVATED,
        devicePairingData=data,
        pull=False,
    )
    return payload.SerializeToString(deterministic=True)
