"""A phone's Signal keys, grown from its identity, and its messages encrypted for single devices and opened.

Whoever has the identity has them all: no forward secrecy for a session's first messages, and none is needed here.
"""

from chalicelib.wire.curve25519 import KEY_SIZE, KEY_TYPE, KeyPair, derived, sign
from chalicelib.wire.node import Attribute, Jid, Node
from infra.whatsapp_server import bundles
from infra.whatsapp_server.accounts import Account
from infra.whatsapp_server.post import PHONE
from infra.whatsapp_server.signal.agreement import Bundle, PublicKey
from infra.whatsapp_server.signal.messages import OfferingMessage, SealedMessage, Undecryptable, padded, unpadded
from infra.whatsapp_server.signal.session import Owner, Session, from_record, to_record
from infra.whatsapp_server.storage import Database, Store

_SIGNED = 1
_HIGHEST = 0xFFFFFF  # ids have three bytes
_REGISTRATIONS = 0x3FFF


class Keyring:
    """The keys of all phones; how many one-time keys each has given out is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._signatures: dict[str, bytes] = {}

    def owner(self, account: Account) -> Owner:
        """The phone as the holder of its sessions."""
        registration = int.from_bytes(registration_of(account), "big")
        return Owner(
            account.identity,
            registration,
            lambda key: _signed(account) if key == _SIGNED else None,
            lambda key: _prekey(account, key) if 0 < key <= self._given(account) else None,
        )

    def bundle(self, account: Account) -> Bundle:
        """A bundle with a one-time key that no other has."""
        number = self._given(account) % _HIGHEST + 1
        self._database.run("INSERT OR REPLACE INTO phone_prekeys VALUES (?, ?)", account.number, number)
        signed, prekey = _signed(account), _prekey(account, number)
        signature = self._signatures.get(account.number)
        if signature is None:  # it costs some milliseconds
            signature = sign(account.identity.private, KEY_TYPE + signed.public)
            self._signatures[account.number] = signature
        return Bundle(
            account.identity.public, PublicKey(_SIGNED, signed.public), signature, PublicKey(number, prekey.public)
        )

    def _given(self, account: Account) -> int:
        found = self._database.rows("SELECT last FROM phone_prekeys WHERE number = ?", account.number)
        return int(found[0][0]) if found else 0


def registration_of(account: Account) -> bytes:
    """The phone's registration id: 4 bytes, of which 14 bits are used."""
    return (account.raw_id % _REGISTRATIONS + 1).to_bytes(4, "big")


def _signed(account: Account) -> KeyPair:
    return _grown(account, b"signed key")


def _prekey(account: Account, number: int) -> KeyPair:
    return _grown(account, b"one-time key %d" % number)


def _grown(account: Account, name: bytes) -> KeyPair:
    return KeyPair.from_private(derived(account.identity.private, salt=None, info=name, size=KEY_SIZE))


_OFFERING = "pkmsg"
_SEALED = "msg"


class Sealing:
    """All phones' sessions, each kept under the phone's number and the other device's LID address."""

    def __init__(self, store: Store, database: Database, keyring: Keyring) -> None:
        self._store = store
        self._database = database
        self._keyring = keyring

    def seal(self, phone: Account, reader: Account, device: int, plaintext: bytes, *, retries: int = 0) -> Node:
        """The `<enc>` for one device, in the session with it or a new one; Undecryptable if its bundle is forged."""
        peer = reader.lid_jid.on(device)
        owner = self._keyring.owner(phone)
        session = self._session(phone, peer)
        if not session.states:
            session = session.begun(owner, self._bundle(reader, device))
        session, message = session.encrypt(owner, padded(plaintext))
        self._keep(phone, peer, session)
        kind = _OFFERING if isinstance(message, OfferingMessage) else _SEALED
        attributes: dict[str, Attribute] = {"v": "2", "type": kind}
        return Node("enc", {**attributes, "count": str(retries)} if retries else attributes, message.encode())

    def renew(self, phone: Account, reader: Account, device: int, bundle: Bundle | None = None) -> None:
        """Begin anew with a device that lost the session: from the bundle it sent along, or from its stock."""
        peer = reader.lid_jid.on(device)
        session = self._session(phone, peer)
        fresh = session.begun(self._keyring.owner(phone), bundle or self._bundle(reader, device))
        self._keep(phone, peer, fresh)

    def open(self, phone: Account, peer: Jid, secret: Node) -> bytes:
        """What a device encrypted for the phone; one of the SignalFailures if it doesn't open."""
        session = self._session(phone, peer)
        match secret.text("type"):
            case "pkmsg":
                message = OfferingMessage.decode(secret.data)
                session, plaintext = session.accept(self._keyring.owner(phone), message)
            case "msg":
                session, plaintext = session.decrypt(SealedMessage.decode(secret.data))
            case other:
                raise Undecryptable(f"a phone doesn't open {other or 'what has no type'}")
        self._keep(phone, peer, session)
        return unpadded(plaintext)

    def _bundle(self, reader: Account, device: int) -> Bundle:
        if device == PHONE:
            return self._keyring.bundle(reader)
        self._store.changed()
        return bundles.take(reader.devices[device])

    def _session(self, phone: Account, peer: Jid) -> Session:
        found = self._database.rows(
            "SELECT session FROM phone_sessions WHERE number = ? AND peer = ?", phone.number, str(peer)
        )
        return from_record(found[0][0]) if found else Session()

    def _keep(self, phone: Account, peer: Jid, session: Session) -> None:
        written = to_record(session)
        self._database.run("INSERT OR REPLACE INTO phone_sessions VALUES (?, ?, ?)", phone.number, str(peer), written)
