"""QR codes: their text, and for how long each is shown."""

from base64 import b64encode
from typing import Final

from chalicelib.wire.proto.handshake_pb2 import DeviceProps
from chalicelib.worker.linking.registration import DeviceKeys

PAGE: Final = "https://wa.me/settings/linked_devices#"
FULL_LIST: Final = 6
FIRST_S: Final = 60.0
"""Seconds that the first code of a full list is shown."""
OTHER_S: Final = 20.0
"""Seconds that each other code is shown."""
_OTHER_CLIENT: Final = "9"
_CLIENTS: Final = {
    DeviceProps.CHROME: "1",
    DeviceProps.EDGE: "2",
    DeviceProps.FIREFOX: "3",
    DeviceProps.IE: "4",
    DeviceProps.OPERA: "5",
    DeviceProps.SAFARI: "6",
    DeviceProps.UWP: "8",
    DeviceProps.ANDROID_PHONE: "e",
}


def client_type(platform: "DeviceProps.PlatformType") -> str:
    """Return how codes name a kind of program."""
    return _CLIENTS.get(platform, _OTHER_CLIENT)


def text(reference: str, keys: DeviceKeys, secret: bytes, platform: "DeviceProps.PlatformType") -> str:
    """Return what a phone reads out of the picture; the secret in it never goes to WhatsApp's server."""
    parts = (b64encode(key).decode() for key in (keys.noise.public, keys.identity.public, secret))
    return PAGE + ",".join((reference, *parts, client_type(platform)))


def lasts(left: int) -> float:
    """Return for how many seconds a code is shown that ``left`` references of its list are left for, with its own."""
    return FIRST_S if left == FULL_LIST else OTHER_S
