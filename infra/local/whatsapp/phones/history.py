"""The chats that a phone tells a device about when it is linked: none, or as many as somebody asked for.

The real one sends what was said in the last months: compressed, as a file, and a notice of it as a message.
"""

import secrets
import zlib
from collections.abc import Iterator
from typing import Final

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.clock import now_s
from infra.local.whatsapp.media import HISTORY, Media
from infra.local.whatsapp.phones.content import written
from infra.local.whatsapp.protobuf import Message

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


def empty() -> Message:
    """The notice of a history without a chat, which travels in the notice itself."""
    content = zlib.compress(Message.of({_KIND: _BOOTSTRAP}).encode())
    notice = Message.of({_SYNC_TYPE: _BOOTSTRAP, _CHUNK: 1, _PROGRESS: 100, _INLINE: content})
    return Message.of({_TYPE: _IS_HISTORY, _HISTORY: notice})


def uploaded(media: Media, account: Account, *, chats: int, messages: int) -> Message:
    """Upload a history of ``messages`` texts in ``chats`` chats; return the notice of it."""
    parts = [Message.of({_KIND: _BOOTSTRAP}).encode()]
    for chat in range(chats):
        share = messages // chats + (chat < messages % chats)
        parts.append(Message(((_CONVERSATIONS, _conversation(account, chat, share)),)).encode())
    found = media.keep(HISTORY, zlib.compress(b"".join(parts)))
    notice: dict[int, int | bytes | str | Message | None] = {
        _SHA256: found.sha256,
        _SIZE: found.size,
        _KEY: found.key,
        _ENCRYPTED_SHA256: found.encrypted_sha256,
        _PATH: found.direct_path,
        _SYNC_TYPE: _BOOTSTRAP,
        _CHUNK: 1,
        _PROGRESS: 100,
    }
    return Message.of({_TYPE: _IS_HISTORY, _HISTORY: Message.of(notice)})


def _conversation(account: Account, chat: int, messages: int) -> bytes:
    peer = f"62877{chat:08d}@s.whatsapp.net"
    texts = tuple((_MESSAGES, text) for text in _texts(account, peer, messages))
    return Message(((_CHAT, peer.encode()), *texts)).encode()


def _texts(account: Account, peer: str, messages: int) -> Iterator[bytes]:
    now = int(now_s())
    for number in range(messages):
        key = Message.of({_CHAT_JID: peer, _FROM_ME: number % 2, _ID: secrets.token_hex(10).upper()})
        info = Message.of(
            {
                _INFO_KEY: key,
                _INFO_MESSAGE: written(f"{number} {account.number} {_TEXT}"),
                _INFO_TIME: now - messages + number,
                _INFO_SECRET: secrets.token_bytes(32),
            }
        )
        yield Message.of({_INFO: info, _ORDER: number}).encode()
