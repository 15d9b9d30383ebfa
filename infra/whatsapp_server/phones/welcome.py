"""What a phone tells a device that it has just linked: the key of the account's settings, and its history.

The real one sends what was said in the last months: compressed, as a file, and a notice of it as a message.
"""

import secrets
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from chalicelib.wire.media import HISTORY
from chalicelib.wire.node import Attribute, Node
from chalicelib.wire.protobuf import WireMessage
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.app_state import SettingsKey
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.media import Media
from infra.whatsapp_server.phones.content import written
from infra.whatsapp_server.phones.encryption import Sealing
from infra.whatsapp_server.phones.files import upload
from infra.whatsapp_server.phones.writing import message_id
from infra.whatsapp_server.post import PHONE, Post
from infra.whatsapp_server.storage import Database

# waE2E.ProtocolMessage
_TYPE, _HISTORY = 2, 6
_IS_HISTORY: Final = 5
# HistorySyncNotification
_SHA256, _SIZE, _KEY, _ENCRYPTED_SHA256, _PATH = 1, 2, 3, 4, 5
_SYNC_TYPE, _CHUNK, _PROGRESS, _INLINE = 6, 7, 9, 11
# HistorySync, Conversation, HistorySyncMsg, WebMessageInfo, MessageKey
_KIND, _CONVERSATIONS = 1, 2
_CHAT, _MESSAGES = 1, 2
_INFO, _ORDER = 1, 2
_INFO_KEY, _INFO_MESSAGE, _INFO_TIME, _INFO_SECRET = 1, 2, 3, 49
_CHAT_JID, _FROM_ME, _ID = 1, 2, 3
_BOOTSTRAP: Final = 0
_TEXT: Final = "What was said long ago, and is of no interest to a gateway that serves from now on. " * 2
"""About as long as messages are, with their names and numbers, in a history of 50,000: 13 MB before compression."""


def empty() -> WireMessage:
    """The notice of a history without a chat, which travels in the notice itself."""
    content = zlib.compress(WireMessage.of({_KIND: _BOOTSTRAP}).encode())
    notice = WireMessage.of({_SYNC_TYPE: _BOOTSTRAP, _CHUNK: 1, _PROGRESS: 100, _INLINE: content})
    return WireMessage.of({_TYPE: _IS_HISTORY, _HISTORY: notice})


def uploaded(media: Media, account: Account, *, chats: int, messages: int) -> WireMessage:
    """Upload a history of ``messages`` texts in ``chats`` chats; return the notice of it."""
    parts = [WireMessage.of({_KIND: _BOOTSTRAP}).encode()]
    for chat in range(chats):
        share = messages // chats + (chat < messages % chats)
        parts.append(WireMessage(((_CONVERSATIONS, _conversation(account, chat, share)),)).encode())
    found = upload(media, HISTORY, BytesIO(zlib.compress(b"".join(parts))))
    notice: dict[int, int | bytes | str | WireMessage | None] = {
        _SHA256: found.sha256,
        _SIZE: found.size,
        _KEY: found.key,
        _ENCRYPTED_SHA256: found.encrypted_sha256,
        _PATH: found.direct_path,
        _SYNC_TYPE: _BOOTSTRAP,
        _CHUNK: 1,
        _PROGRESS: 100,
    }
    return WireMessage.of({_TYPE: _IS_HISTORY, _HISTORY: WireMessage.of(notice)})


def _conversation(account: Account, chat: int, messages: int) -> bytes:
    peer = f"62877{chat:08d}@s.whatsapp.net"
    texts = tuple((_MESSAGES, text) for text in _texts(account, peer, messages))
    return WireMessage(((_CHAT, peer.encode()), *texts)).encode()


def _texts(account: Account, peer: str, messages: int) -> Iterator[bytes]:
    now = int(now_s())
    for number in range(messages):
        key = WireMessage.of({_CHAT_JID: peer, _FROM_ME: number % 2, _ID: secrets.token_hex(10).upper()})
        info = WireMessage.of(
            {
                _INFO_KEY: key,
                _INFO_MESSAGE: written(f"{number} {account.number} {_TEXT}"),
                _INFO_TIME: now - messages + number,
                _INFO_SECRET: secrets.token_bytes(32),
            }
        )
        yield WireMessage.of({_INFO: info, _ORDER: number}).encode()


# waE2E.Message and its ProtocolMessage
_PROTOCOL = 12
_KEY_SHARE = 7
_IS_KEY_SHARE = 6
# AppStateSyncKeyShare, AppStateSyncKey, AppStateSyncKeyData
_KEYS, _KEY_ID, _KEY_DATA, _DATA, _FINGERPRINT, _TIMESTAMP = 1, 1, 2, 1, 2, 3


def first_time(database: Database, account: Account, device: int) -> bool:
    """Note that a device is greeted; False if it was before."""
    return database.run("INSERT OR IGNORE INTO phone_welcomed VALUES (?, ?)", account.number, device) > 0


def welcome(sealing: Sealing, post: Post, account: Account, device: int, history: WireMessage | None = None) -> None:
    """Send both; a device that couldn't open one of them is sent both again."""
    for message in (_key_share(account), history or empty()):
        protocol = WireMessage.of({_PROTOCOL: message})
        secret = sealing.seal(account, account, device, protocol.encode())
        attributes: dict[str, Attribute] = {
            "id": message_id(),
            "type": "text",
            "category": "peer",
            "t": now_s(),
            "from": account.jid,
            "sender_lid": account.lid_jid,
        }
        post.deliver((account.number, device), Node("message", attributes, (secret,)))


def _key_share(account: Account) -> WireMessage:
    key = SettingsKey.of(account)
    fingerprint = WireMessage.of({1: account.raw_id, 2: PHONE})
    data = WireMessage.of({_DATA: key.data, _FINGERPRINT: fingerprint, _TIMESTAMP: now_ms()})
    shared = WireMessage.of({_KEY_ID: WireMessage.of({1: key.id}), _KEY_DATA: data})
    return WireMessage.of({_TYPE: _IS_KEY_SHARE, _KEY_SHARE: WireMessage.of({_KEYS: shared})})
