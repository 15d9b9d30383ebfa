"""Encrypts a phone's messages for single devices, and opens theirs."""

from infra.local.whatsapp import bundles
from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.database import Database
from infra.local.whatsapp.jid import Jid
from infra.local.whatsapp.node import Attribute, Node
from infra.local.whatsapp.phones.keyring import Keyring
from infra.local.whatsapp.post import PHONE
from infra.local.whatsapp.signal import records
from infra.local.whatsapp.signal.bundle import Bundle
from infra.local.whatsapp.signal.failures import Undecryptable
from infra.local.whatsapp.signal.messages import OfferingMessage, SealedMessage
from infra.local.whatsapp.signal.padding import padded, unpadded
from infra.local.whatsapp.signal.session import Session
from infra.local.whatsapp.store import Store

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
        return records.read(found[0][0]) if found else Session()

    def _keep(self, phone: Account, peer: Jid, session: Session) -> None:
        written = records.written(session)
        self._database.run("INSERT OR REPLACE INTO phone_sessions VALUES (?, ?, ?)", phone.number, str(peer), written)
