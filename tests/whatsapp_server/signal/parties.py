"""Two parties with keys of their own, for tests of their sessions."""

from chalicelib.wire.curve25519 import KEY_TYPE, KeyPair, sign
from infra.whatsapp_server.signal.agreement import Bundle, PublicKey
from infra.whatsapp_server.signal.messages import OfferingMessage, SealedMessage
from infra.whatsapp_server.signal.session import Owner, Session

Message = SealedMessage | OfferingMessage


class Party:
    """Holds one session with another party; takes a message as bytes, as it comes over a wire."""

    def __init__(self) -> None:
        self.identity, self.signed = KeyPair.generate(), KeyPair.generate()
        self.prekeys = {7: KeyPair.generate(), 8: KeyPair.generate()}
        signature = sign(self.identity.private, KEY_TYPE + self.signed.public)
        self._bundle = Bundle(self.identity.public, PublicKey(1, self.signed.public), signature)
        self.owner = Owner(self.identity, 99, {1: self.signed}.get, self.prekeys.get)
        self.session = Session()

    def bundle(self, prekey: int | None) -> Bundle:
        key = PublicKey(prekey, self.prekeys[prekey].public) if prekey else None
        return Bundle(self._bundle.identity, self._bundle.signed, self._bundle.signature, key)

    def begin(self, other: "Party", *, prekey: int | None = 7) -> None:
        self.session = self.session.begun(self.owner, other.bundle(prekey))

    def say(self, text: bytes) -> tuple[bool, bytes]:
        """Whether the message carries an offer, and its bytes."""
        self.session, message = self.session.encrypt(self.owner, text)
        return isinstance(message, OfferingMessage), message.encode()

    def hear(self, sent: tuple[bool, bytes]) -> bytes:
        offering, data = sent
        if offering:
            self.session, text = self.session.accept(self.owner, OfferingMessage.decode(data))
        else:
            self.session, text = self.session.decrypt(SealedMessage.decode(data))
        return text
