"""The server's side of the Noise handshake against a client's."""

import pytest

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.frames import HEADER
from chalicelib.wire.noise import Handshake, NoiseFailure
from chalicelib.wire.proto import MalformedMessage
from chalicelib.wire.proto.handshake_pb2 import HandshakeMessage
from tests.wire.initiator import Initiator


def test_both_sides_learn_each_others_keys_and_payloads() -> None:
    server, client = KeyPair.generate(), Initiator(KeyPair.generate())
    handshake = Handshake(HEADER, server, b"chain")
    assert client.read(handshake.answer(client.hello())) == b"chain"
    assert client.server_key == server.public
    last, outgoing, incoming = client.finish(b"who I am")
    finished = handshake.finish(last)
    assert (finished.client_key, finished.payload) == (client.static.public, b"who I am")
    for number in range(3):
        assert finished.incoming.decrypt(outgoing.encrypt(b"up %d" % number)) == b"up %d" % number
        assert incoming.decrypt(finished.outgoing.encrypt(b"down %d" % number)) == b"down %d" % number


def test_a_changed_message_fails_the_handshake() -> None:
    client = Initiator(KeyPair.generate())
    handshake = Handshake(HEADER, KeyPair.generate(), b"chain")
    client.read(handshake.answer(client.hello()))
    last, _, _ = client.finish(b"who I am")
    with pytest.raises(NoiseFailure):
        handshake.finish(last[:-1] + bytes([last[-1] ^ 1]))


def test_a_client_with_another_prologue_fails_the_handshake() -> None:
    client = Initiator(KeyPair.generate())
    handshake = Handshake(b"WA\x06\x02", KeyPair.generate(), b"chain")
    with pytest.raises(NoiseFailure):
        client.read(handshake.answer(client.hello()))


@pytest.mark.parametrize("key", [b"", b"short", bytes(32)])
def test_a_key_that_is_none_fails_the_handshake(key: bytes) -> None:
    handshake = Handshake(HEADER, KeyPair.generate(), b"chain")
    with pytest.raises(NoiseFailure):
        handshake.answer(HandshakeMessage(clientHello=HandshakeMessage.ClientHello(ephemeral=key)).SerializeToString())


@pytest.mark.parametrize("frame", [b"\xff", b"\x12\xff", b"<html>"])
def test_a_frame_that_is_none_is_refused(frame: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Handshake(HEADER, KeyPair.generate(), b"chain").answer(frame)
