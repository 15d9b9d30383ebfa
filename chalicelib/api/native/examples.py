"""Examples of the native API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.description.samples import CODE, NOW, SCANNING, SESSION
from chalicelib.api.native.sessions import NativeProxy, NativeSession, NativeSessionChange, NativeWebhook
from chalicelib.dialects.native import sessions
from chalicelib.dialects.native.answers import NativePageJson, page
from chalicelib.domain.proxy import ProxyType

ANSWERS: Final[Mapping[Any, Any]] = {
    sessions.NativeSessionJson: sessions.session(SESSION),
    NativePageJson[sessions.NativeSessionJson]: page([sessions.session(SESSION)], None),
    sessions.NativeCodeJson: sessions.code(SCANNING, CODE, NOW),
    sessions.NativeDeletionJson: sessions.deletion(SESSION.id, gone=True, reason=None),
}
BODIES: Final[tuple[msgspec.Struct, ...]] = (
    NativeSession(id="shop.7", name="Shop", webhook=NativeWebhook("https://example.com/hook")),
    NativeSessionChange(
        name="Shop",
        proxy=NativeProxy(ProxyType.SOCKS5, "proxy.example.com", 1080, "shop", "a password"),
        metadata={"branch": "7"},
    ),
)
