"""What a phone tells a device that it has just linked: the key of the account's settings, and its history."""

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.app_state.keys import SettingsKey
from infra.local.whatsapp.clock import now_ms, now_s
from infra.local.whatsapp.database import Database
from infra.local.whatsapp.node import Attribute, Node
from infra.local.whatsapp.phones.history import empty
from infra.local.whatsapp.phones.sealing import Sealing
from infra.local.whatsapp.phones.writing import message_id
from infra.local.whatsapp.post import PHONE, Post
from infra.local.whatsapp.protobuf import Message

# waE2E.Message and its ProtocolMessage
_PROTOCOL = 12
_TYPE, _KEY_SHARE = 2, 7
_IS_KEY_SHARE = 6
# AppStateSyncKeyShare, AppStateSyncKey, AppStateSyncKeyData
_KEYS, _KEY_ID, _KEY_DATA, _DATA, _FINGERPRINT, _TIMESTAMP = 1, 1, 2, 1, 2, 3


def first_time(database: Database, account: Account, device: int) -> bool:
    """Note that a device is greeted; False if it was before."""
    return database.run("INSERT OR IGNORE INTO phone_welcomed VALUES (?, ?)", account.number, device) > 0


def welcome(sealing: Sealing, post: Post, account: Account, device: int, history: Message | None = None) -> None:
    """Send both; a device that couldn't open one of them is sent both again."""
    for message in (_key_share(account), history or empty()):
        protocol = Message.of({_PROTOCOL: message})
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


def _key_share(account: Account) -> Message:
    key = SettingsKey.of(account)
    fingerprint = Message.of({1: account.raw_id, 2: PHONE})
    data = Message.of({_DATA: key.data, _FINGERPRINT: fingerprint, _TIMESTAMP: now_ms()})
    shared = Message.of({_KEY_ID: Message.of({1: key.id}), _KEY_DATA: data})
    return Message.of({_TYPE: _IS_KEY_SHARE, _KEY_SHARE: Message.of({_KEYS: shared})})
