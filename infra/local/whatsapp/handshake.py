"""The server's side of the Noise XX handshake, as messages in and out; no sockets."""

from dataclasses import dataclass

from infra.local.whatsapp.keys import KEY_SIZE, KeyPair
from infra.local.whatsapp.noise import Cipher, HandshakeState, NoiseFailure
from infra.local.whatsapp.protobuf import Message

# HandshakeMessage's fields, and those of the three messages inside.
_CLIENT_HELLO, _SERVER_HELLO, _CLIENT_FINISH = 2, 3, 4
_HELLO_EPHEMERAL, _HELLO_STATIC, _HELLO_PAYLOAD = 1, 2, 3
_FINISH_STATIC, _FINISH_PAYLOAD = 1, 2


@dataclass(frozen=True, slots=True)
class Finished:
    """A handshake's result. The client's static key is its credential; `payload` says who it is."""

    client_key: bytes
    payload: bytes
    incoming: Cipher
    outgoing: Cipher


class Handshake:
    """One handshake: `answer` the client's hello, then `finish`."""

    def __init__(self, prologue: bytes, static: KeyPair, certificate: bytes) -> None:
        self._state = HandshakeState(prologue)
        self._static = static
        self._certificate = certificate
        self._ephemeral = KeyPair.generate()

    def answer(self, frame: bytes) -> bytes:
        """Take the client's hello and give the server's: its keys and its certificate chain."""
        theirs = Message.decode(frame).message(_CLIENT_HELLO).data(_HELLO_EPHEMERAL)
        state = self._state
        state.authenticate(theirs)
        state.authenticate(self._ephemeral.public)
        state.mix(_shared(self._ephemeral, theirs))
        static = state.encrypt(self._static.public)
        state.mix(_shared(self._static, theirs))
        payload = state.encrypt(self._certificate)
        hello = {_HELLO_EPHEMERAL: self._ephemeral.public, _HELLO_STATIC: static, _HELLO_PAYLOAD: payload}
        return Message.of({_SERVER_HELLO: Message.of({**hello})}).encode()

    def finish(self, frame: bytes) -> Finished:
        """Take the client's last message: from here on the transport's ciphers serve."""
        message = Message.decode(frame).message(_CLIENT_FINISH)
        client_key = self._state.decrypt(message.data(_FINISH_STATIC))
        self._state.mix(_shared(self._ephemeral, client_key))
        payload = self._state.decrypt(message.data(_FINISH_PAYLOAD))
        incoming, outgoing = self._state.split()
        return Finished(client_key, payload, incoming, outgoing)


def _shared(ours: KeyPair, theirs: bytes) -> bytes:
    if len(theirs) != KEY_SIZE:
        raise NoiseFailure("a key of the wrong length")
    try:
        return ours.shared(theirs)
    except ValueError as error:
        raise NoiseFailure("a key that shares no secret") from error
