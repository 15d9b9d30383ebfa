"""What a phone tells a device that it has just linked: the key of the account's settings, and its history.

The real one sends what was said in the last months: compressed, as a file, and a notice of it as a message.
"""

import secrets
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from chalicelib.wire.media import HISTORY
from chalicelib.wire.node import Attribute, Node
from chalicelib.wire.proto.message_pb2 import (
    INITIAL_BOOTSTRAP,
    AppStateSyncKey,
    AppStateSyncKeyData,
    AppStateSyncKeyFingerprint,
    AppStateSyncKeyId,
    AppStateSyncKeyShare,
    HistorySyncNotification,
    Message,
    MessageKey,
    ProtocolMessage,
)
from chalicelib.wire.proto.sync_pb2 import Conversation, HistorySync, HistorySyncMsg, WebMessageInfo
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.app_state import SettingsKey
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.media import Media
from infra.whatsapp_server.phones.encryption import Sealing
from infra.whatsapp_server.phones.files import upload
from infra.whatsapp_server.phones.writing import message_id
from infra.whatsapp_server.post import PHONE, Post
from infra.whatsapp_server.storage import Database

_TEXT: Final = "What was said long ago, and is of no interest to a gateway that serves from now on. " * 2
"""About as long as messages are, with their names and numbers, in a history of 50,000: 13 MB before compression."""


def empty() -> ProtocolMessage:
    """The notice of a history without a chat, which travels in the notice itself."""
    history = HistorySync(syncType=HistorySync.INITIAL_BOOTSTRAP)
    return _notice(initialHistBootstrapInlinePayload=zlib.compress(history.SerializeToString()))


def uploaded(media: Media, account: Account, *, chats: int, messages: int) -> ProtocolMessage:
    """Upload a history of ``messages`` texts in ``chats`` chats; return the notice of it."""
    shares = [messages // chats + (chat < messages % chats) for chat in range(chats)]
    history = HistorySync(
        syncType=HistorySync.INITIAL_BOOTSTRAP,
        conversations=[_conversation(account, chat, share) for chat, share in enumerate(shares)],
    )
    found = upload(media, HISTORY, BytesIO(zlib.compress(history.SerializeToString())))
    return _notice(
        fileSHA256=found.sha256,
        fileLength=found.size,
        mediaKey=found.key,
        fileEncSHA256=found.encrypted_sha256,
        directPath=found.direct_path,
    )


def _notice(**where: Any) -> ProtocolMessage:
    notice = HistorySyncNotification(syncType=INITIAL_BOOTSTRAP, chunkOrder=1, progress=100, **where)
    return ProtocolMessage(type=ProtocolMessage.HISTORY_SYNC_NOTIFICATION, historySyncNotification=notice)


def _conversation(account: Account, chat: int, messages: int) -> Conversation:
    peer = f"62877{chat:08d}@s.whatsapp.net"
    return Conversation(ID=peer, messages=_texts(account, peer, messages))


def _texts(account: Account, peer: str, messages: int) -> Iterator[HistorySyncMsg]:
    now = int(now_s())
    for number in range(messages):
        info = WebMessageInfo(
            key=MessageKey(remoteJID=peer, fromMe=bool(number % 2), ID=secrets.token_hex(10).upper()),
            message=Message(conversation=f"{number} {account.number} {_TEXT}"),
            messageTimestamp=now - messages + number,
            messageSecret=secrets.token_bytes(32),
        )
        yield HistorySyncMsg(message=info, msgOrderID=number)


def first_time(database: Database, account: Account, device: int) -> bool:
    """Note that a device is greeted; False if it was before."""
    return database.run("INSERT OR IGNORE INTO phone_welcomed VALUES (?, ?)", account.number, device) > 0


def welcome(
    sealing: Sealing, post: Post, account: Account, device: int, history: ProtocolMessage | None = None
) -> None:
    """Send both; a device that couldn't open one of them is sent both again."""
    for message in (_key_share(account), history or empty()):
        secret = sealing.seal(account, account, device, Message(protocolMessage=message).SerializeToString())
        attributes: dict[str, Attribute] = {
            "id": message_id(),
            "type": "text",
            "category": "peer",
            "t": now_s(),
            "from": account.jid,
            "sender_lid": account.lid_jid,
        }
        post.deliver((account.number, device), Node("message", attributes, (secret,)))


def _key_share(account: Account) -> ProtocolMessage:
    key = SettingsKey.of(account)
    data = AppStateSyncKeyData(
        keyData=key.data,
        fingerprint=AppStateSyncKeyFingerprint(rawID=account.raw_id, currentIndex=PHONE),
        timestamp=now_ms(),
    )
    share = AppStateSyncKeyShare(keys=[AppStateSyncKey(keyID=AppStateSyncKeyId(keyID=key.id), keyData=data)])
    return ProtocolMessage(type=ProtocolMessage.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare=share)
