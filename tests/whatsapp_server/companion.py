"""A linked device in Python, for asking the server what the real client never asks."""

import hashlib
import hmac
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_bytes

import aiohttp

from chalicelib.wire.codec import decode, encode
from chalicelib.wire.curve25519 import KEY_TYPE, KeyPair, sign
from chalicelib.wire.frames import HEADER, framed
from chalicelib.wire.node import SERVER, Jid, Node
from chalicelib.wire.noise import Cipher, Initiator
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    HOSTED,
    ADVSignedDeviceIdentity,
    ADVSignedDeviceIdentityHMAC,
    ClientPayload,
    DeviceProps,
)
from infra.whatsapp_server import WhatsApp


class Wire:
    """A finished handshake: stanzas in and out."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._buffer = b""
        self._outgoing: Cipher
        self._incoming: Cipher

    async def open(self, noise: KeyPair, payload: bytes) -> None:
        initiator = Initiator(HEADER, noise)
        await self._socket.send_bytes(HEADER + framed(initiator.hello()))
        initiator.read(await self._frame())
        transport = initiator.finish(payload)
        self._outgoing, self._incoming = transport.outgoing, transport.incoming
        await self._socket.send_bytes(framed(transport.finish))

    async def _frame(self) -> bytes:
        return (await self._socket.receive_bytes(timeout=60))[3:]  # the server sends each frame as one message

    async def send(self, node: Node) -> None:
        await self._socket.send_bytes(framed(self._outgoing.encrypt(encode(node))))

    async def receive(self) -> Node:
        return decode(self._incoming.decrypt(await self._frame()))

    async def ask(self, xmlns: str, kind: str, *children: Node, name: str = "q1") -> Node:
        await self.send(Node("iq", {"id": name, "xmlns": xmlns, "type": kind, "to": SERVER}, children or None))
        while (answer := await self.receive()).text("id") != name:
            pass
        return answer


def _agent(version: tuple[int, int, int]) -> ClientPayload.UserAgent:
    numbers = ClientPayload.UserAgent.AppVersion(
        **dict(zip(("primary", "secondary", "tertiary"), version, strict=True))
    )
    return ClientPayload.UserAgent(appVersion=numbers)


class Companion:
    """A device's keys, kept from pairing to login."""

    def __init__(self) -> None:
        self.noise, self.identity, self.signed = (KeyPair.generate() for _ in range(3))
        self.secret = token_bytes(32)
        self.jid = Jid("", "")

    def registration(self, version: tuple[int, int, int] = (2, 3000, 1)) -> bytes:
        signature = sign(self.identity.private, KEY_TYPE + self.signed.public)
        pairing = ClientPayload.DevicePairingRegistrationData(
            eRegid=b"\0\0\0\7",
            eKeytype=KEY_TYPE,
            eIdent=self.identity.public,
            eSkeyID=b"\0\0\1",
            eSkeyVal=self.signed.public,
            eSkeySig=signature,
            deviceProps=DeviceProps(os="Test").SerializeToString(),
        )
        return ClientPayload(devicePairingData=pairing, userAgent=_agent(version)).SerializeToString()

    def login(self, version: tuple[int, int, int] = (2, 3000, 1)) -> bytes:
        agent = _agent(version)
        return ClientPayload(username=int(self.jid.user), device=self.jid.device, userAgent=agent).SerializeToString()

    def code(self, reference: bytes) -> str:
        keys = (self.noise.public, self.identity.public, self.secret)
        return ",".join([reference.decode(), *(b64encode(key).decode() for key in keys)])

    def agree(self, success: Node, *, signer: KeyPair | None = None) -> Node:
        """Answer a pair-success: with our signature, or with somebody else's. Its seal must be of our secret."""
        pairing = success.get("pair-success")
        self.jid = pairing.get("device").jid("jid")
        container = parse(ADVSignedDeviceIdentityHMAC, pairing.get("device-identity").data)
        sealed = b"\x06\x05" + container.details if container.accountType == HOSTED else container.details
        assert hmac.digest(self.secret, sealed, hashlib.sha256) == container.HMAC
        identity = parse(ADVSignedDeviceIdentity, container.details)
        seen = b"\x06\x01" + identity.details + self.identity.public + identity.accountSignatureKey
        identity.ClearField("accountSignatureKey")
        identity.deviceSignature = sign((signer or self.identity).private, seen)
        signed = Node("device-identity", {"key-index": "1"}, identity.SerializeToString())
        child = Node("pair-device-sign", {}, (signed,))
        return Node("iq", {"id": success.text("id"), "type": "result", "to": SERVER}, (child,))


@asynccontextmanager
async def dialled(whatsapp: WhatsApp) -> AsyncIterator[Wire]:
    """A websocket through the proxy and TLS, as the real client comes."""
    environment = whatsapp.client_environment()
    trust = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            "wss://web.whatsapp.com/ws/chat", proxy=environment["HTTPS_PROXY"], ssl=trust, compress=0
        ) as socket,
    ):
        yield Wire(socket)
