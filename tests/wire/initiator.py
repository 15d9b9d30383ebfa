"""The client's side of the Noise handshake, for tests of the server's."""

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.frames import HEADER
from chalicelib.wire.noise import Cipher, HandshakeState
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import HandshakeMessage


class Initiator:
    def __init__(self, static: KeyPair) -> None:
        self.static = static
        self.ephemeral = KeyPair.generate()
        self.state = HandshakeState(HEADER)
        self.server_key = b""

    def hello(self) -> bytes:
        self.state.authenticate(self.ephemeral.public)
        hello = HandshakeMessage.ClientHello(ephemeral=self.ephemeral.public)
        return HandshakeMessage(clientHello=hello).SerializeToString()

    def read(self, answer: bytes) -> bytes:
        """Take the server's hello; the certificate chain in it."""
        hello = parse(HandshakeMessage, answer).serverHello
        theirs = hello.ephemeral
        self.state.authenticate(theirs)
        self.state.mix(self.ephemeral.shared(theirs))
        self.server_key = self.state.decrypt(hello.static)
        self.state.mix(self.ephemeral.shared(self.server_key))
        self._their_ephemeral = theirs
        return self.state.decrypt(hello.payload)

    def finish(self, payload: bytes) -> tuple[bytes, Cipher, Cipher]:
        """The last message, and the ciphers to send and to receive with."""
        static = self.state.encrypt(self.static.public)
        self.state.mix(self.static.shared(self._their_ephemeral))
        sealed = self.state.encrypt(payload)
        outgoing, incoming = self.state.split()
        finish = HandshakeMessage.ClientFinish(static=static, payload=sealed)
        return HandshakeMessage(clientFinish=finish).SerializeToString(), outgoing, incoming
