"""Both sides of the Noise handshake against each other."""

import pytest

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.frames import HEADER
from chalicelib.wire.noise import Handshake, Initiator, Introduction, NoiseFailure
from chalicelib.wire.proto import MalformedMessage
from chalicelib.wire.proto.handshake_pb2 import HandshakeMessage


def test_both_sides_learn_each_others_keys_and_payloads() -> None:
    server, static = KeyPair.generate(), KeyPair.generate()
    client, handshake = Initiator(HEADER, static), Handshake(HEADER, server, b"chain")
    assert client.read(handshake.answer(client.hello())) == Introduction(server.public, b"chain")
    transport = client.finish(b"who I am")
    finished = handshake.finish(transport.finish)
    assert (finished.client_key, finished.payload) == (static.public, b"who I am")
    for number in range(3):
        assert finished.incoming.decrypt(transport.outgoing.encrypt(b"up %d" % number)) == b"up %d" % number
        assert transport.incoming.decrypt(finished.outgoing.encrypt(b"down %d" % number)) == b"down %d" % number


def test_a_changed_message_fails_the_handshake() -> None:
    client = Initiator(HEADER, KeyPair.generate())
    handshake = Handshake(HEADER, KeyPair.generate(), b"chain")
    client.read(handshake.answer(client.hello()))
    last = client.finish(b"who I am").finish
    with pytest.raises(NoiseFailure):
        handshake.finish(last[:-1] + bytes([last[-1] ^ 1]))


def test_a_client_with_another_prologue_fails_the_handshake() -> None:
    client = Initiator(HEADER, KeyPair.generate())
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


@pytest.mark.parametrize("at", [0.1, 0.5, 0.99])
def test_a_hello_of_the_server_that_was_changed_fails_the_handshake(at: float) -> None:
    client = Initiator(HEADER, KeyPair.generate())
    answer = bytearray(Handshake(HEADER, KeyPair.generate(), b"chain").answer(client.hello()))
    answer[int(len(answer) * at)] ^= 0x40
    with pytest.raises((NoiseFailure, MalformedMessage)):
        client.read(bytes(answer))


@pytest.mark.parametrize("frame", [b"", b"\xff", b"\x1a\x02\x0a\x00", b"<html>"])
def test_a_hello_of_the_server_that_is_none_fails_the_handshake(frame: bytes) -> None:
    client = Initiator(HEADER, KeyPair.generate())
    client.hello()
    with pytest.raises((NoiseFailure, MalformedMessage)):
        client.read(frame)
