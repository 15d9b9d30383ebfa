"""The phones' keys for groups: one of its own for each group that a phone writes in, and those that others gave it.

Status updates are encrypted in the same way; `chat` is their address then.

A phone gives its key to each device of the group once, and makes a new one when a device that holds the key is no
longer in the group: what is written from then on isn't for it.
"""

from collections.abc import Iterable

from chalicelib.wire.node import Attribute, Jid, Node
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.message_pb2 import Message, SenderKeyDistributionMessage
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.signal import sender_keys
from infra.whatsapp_server.signal.messages import padded, unpadded
from infra.whatsapp_server.signal.sender_keys import Distribution, ReceivedKeys, SenderKey
from infra.whatsapp_server.storage import Database

_OWN = ""
"""The sender under which a phone's own key is kept."""


class SenderKeys:
    """The keys of all phones, kept by phone and group, and by the LID address of the device whose key it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fit(self, phone: Account, chat: Jid, devices: Iterable[Jid]) -> None:
        """Make a new key for a group unless all who hold the present one are among these devices."""
        held = self._database.rows(
            "SELECT holder FROM phone_sender_key_holders WHERE number = ? AND chat = ?", phone.number, str(chat)
        )
        if {holder for (holder,) in held} <= {str(device) for device in devices}:
            return
        self._database.run(
            "DELETE FROM phone_sender_key_holders WHERE number = ? AND chat = ?", phone.number, str(chat)
        )
        self._keep(phone, str(chat), _OWN, sender_keys.own_to_record(SenderKey.generate()))

    def given(self, phone: Account, chat: Jid, device: Jid) -> bool:
        """Whether a device holds the key."""
        statement = "SELECT 1 FROM phone_sender_key_holders WHERE number = ? AND chat = ? AND holder = ?"
        return bool(self._database.rows(statement, phone.number, str(chat), str(device)))

    def give(self, phone: Account, chat: Jid, device: Jid) -> bytes:
        """The encoded message that gives the key to a device, which holds it from then on."""
        self._database.run(
            "INSERT OR IGNORE INTO phone_sender_key_holders VALUES (?, ?, ?)",
            phone.number, str(chat), str(device),
        )  # fmt: skip
        distribution = self._own(phone, chat).distribution.encode()
        given = SenderKeyDistributionMessage(groupID=str(chat), axolotlSenderKeyDistributionMessage=distribution)
        return Message(senderKeyDistributionMessage=given).SerializeToString()

    def seal(self, phone: Account, chat: Jid, plaintext: bytes) -> Node:
        """Encrypt for the group: return the `<enc>` that all members with the phone's sender key can read."""
        key, sealed = self._own(phone, chat).encrypt(padded(plaintext))
        self._keep(phone, str(chat), _OWN, sender_keys.own_to_record(key))
        attributes: dict[str, Attribute] = {"v": "2", "type": "skmsg"}
        return Node("enc", attributes, sealed)

    def open(self, phone: Account, chat: Jid, sender: Jid, sealed: bytes) -> bytes:
        """Decrypt what a device encrypted for the group; raises one of the SignalFailures."""
        keys, plaintext = self._received(phone, chat, sender).decrypt(sealed)
        self._keep(phone, str(chat), str(sender), sender_keys.to_record(keys))
        return unpadded(plaintext)

    def accept(self, phone: Account, chat: Jid, sender: Jid, opened: bytes) -> None:
        """Keep the key that an opened message gives, if it gives one; Undecryptable if that is none."""
        given = parse(Message, opened).senderKeyDistributionMessage
        if given.groupID != str(chat):
            return
        distribution = Distribution.decode(given.axolotlSenderKeyDistributionMessage)
        keys = self._received(phone, chat, sender).accept(distribution)
        self._keep(phone, str(chat), str(sender), sender_keys.to_record(keys))

    def _own(self, phone: Account, chat: Jid) -> SenderKey:
        """The phone's key for a group; a new one if it has none."""
        record = self._record(phone, str(chat), _OWN)
        if record:
            return sender_keys.own_from_record(record)
        key = SenderKey.generate()
        self._keep(phone, str(chat), _OWN, sender_keys.own_to_record(key))
        return key

    def _received(self, phone: Account, chat: Jid, sender: Jid) -> ReceivedKeys:
        record = self._record(phone, str(chat), str(sender))
        return sender_keys.from_record(record) if record else ReceivedKeys()

    def _record(self, phone: Account, chat: str, sender: str) -> str | None:
        rows = self._database.rows(
            "SELECT record FROM phone_sender_keys WHERE number = ? AND chat = ? AND sender = ?",
            phone.number, chat, sender,
        )  # fmt: skip
        return str(rows[0][0]) if rows else None

    def _keep(self, phone: Account, chat: str, sender: str, record: str) -> None:
        statement = "INSERT OR REPLACE INTO phone_sender_keys VALUES (?, ?, ?, ?)"
        self._database.run(statement, phone.number, chat, sender, record)
