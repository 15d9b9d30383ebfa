"""The other side of a linking, on bytes and in the test's hands: WhatsApp's server, and a phone behind it."""

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.modes import CTR

from chalicelib.wire.codec import decode, encode
from chalicelib.wire.curve25519 import KeyPair, derived
from chalicelib.wire.frames import HEADER, ClientStream, framed
from chalicelib.wire.node import SERVER, Jid, Node
from chalicelib.wire.noise import Finished, Handshake
from chalicelib.wire.proto import parse
from chalicelib.wire.proto.handshake_pb2 import (
    CompanionEphemeralIdentity,
    EncryptedPairingRequest,
    PairingRequest,
    PrimaryEphemeralIdentity,
    ProloguePayload,
)
from chalicelib.worker.linking.linking import Event
from chalicelib.worker.linking.protocol import LinkingProtocol
from chalicelib.worker.linking.registration import DeviceKeys
from infra.whatsapp_server.certificates import chain
from infra.whatsapp_server.linking import vouch

NOW, UNIX_S = 1000.0, 1_790_000_000
ROOT, STATIC = KeyPair.generate(), KeyPair.generate()
CERTIFICATES = chain(ROOT, STATIC.public, UNIX_S)
KEYS = DeviceKeys()
REFERENCES = tuple(f"2@reference-{number}" for number in range(6))
PHONE, NUMBER = KeyPair.generate(), "6281234567890"
JID, LID = Jid(NUMBER, "s.whatsapp.net", 7), Jid("2204", "lid", 7)
ORIGIN = "https://web.whatsapp.com"


class Peer:
    """A linking, and the server that it talks to; ``now`` is the time for both."""

    def __init__(self, *, certificates: bytes = CERTIFICATES, root: bytes = ROOT.public) -> None:
        self.now = NOW
        self.protocol = LinkingProtocol(KEYS, now=NOW, unix_s=UNIX_S, root=root)
        self.heard: list[Event] = []
        self.payload = b""
        self._handshake = Handshake(HEADER, STATIC, certificates)
        self._stream = ClientStream()
        self._finished: Finished | None = None
        self._ids = 0

    def connect(self) -> None:
        """Go through the handshake."""
        (hello,) = self.frames()
        self.give(framed(self._handshake.answer(hello)))
        if last := self.frames():
            self._finished = self._handshake.finish(*last)
            self.payload = self._finished.payload

    def frames(self) -> list[bytes]:
        return [frame for message in self.protocol.messages_to_send() for frame in self._stream.feed(message)]

    def sent(self) -> list[Node]:
        """The stanzas that the device has sent since the last look."""
        assert self._finished
        return [decode(self._finished.incoming.decrypt(frame)) for frame in self.frames()]

    def give(self, message: bytes) -> None:
        """Hand the device a message, and keep what it tells of it."""
        self.protocol.receive(message, self.now)
        self.heard += self.protocol.events()

    def sealed(self, *nodes: Node) -> bytes:
        """Stanzas as the message that carries them."""
        assert self._finished
        return b"".join(framed(self._finished.outgoing.encrypt(encode(node))) for node in nodes)

    def tell(self, node: Node) -> None:
        self.give(self.sealed(node))

    def ask(self, child: Node, **attributes: str) -> str:
        self._ids += 1
        name = f"server-{self._ids}"
        self.tell(Node("iq", {"from": SERVER, "type": "set", "id": name, **attributes}, (child,)))
        return name

    def notify(self, kind: str, *children: Node) -> None:
        self.tell(Node("notification", {"from": SERVER, "type": kind, "id": "n1", "t": "1"}, children or None))

    def answer(self, request: Node, *children: Node) -> None:
        self.tell(Node("iq", {"from": SERVER, "type": "result", "id": request.text("id")}, children or None))

    def refuse(self, request: Node, code: int) -> None:
        error = Node("error", {"code": str(code), "text": "no"})
        self.tell(Node("iq", {"from": SERVER, "type": "error", "id": request.text("id")}, (error,)))

    def offer(self, *references: str) -> None:
        """Give references for codes, six unless said otherwise."""
        refs = tuple(Node("ref", {}, one.encode()) for one in references or REFERENCES)
        self.ask(Node("pair-device", {}, refs), xmlns="md")

    def wait(self, seconds: float) -> None:
        """Let time go by, with each ``tick`` when it is due."""
        until = self.now + seconds
        while (wake_at := self.protocol.wake_at) is not None and wake_at <= until:
            self.now = max(wake_at, self.now)
            self.protocol.tick(self.now)
            self.heard += self.protocol.events()
            self._pong()
        self.now = until

    def _pong(self) -> None:
        if self._finished:
            for node in self.sent():
                if node.text("xmlns") == "w:p":
                    self.answer(node)

    def vouch(self, secret: bytes, *, identity: bytes | None = None, **changed: Any) -> str:
        """Have the phone vouch for the device."""
        vouching = vouch(PHONE, identity or KEYS.identity.public, secret, raw_id=7, device=7, now_s=UNIX_S)
        container = changed.get("container", vouching.container)
        return self.ask(
            Node("pair-success", {}, (
                Node("device-identity", {}, container),
                Node("biz", {"name": "Kopi"}),
                Node("device", {"jid": changed.get("jid", JID), "lid": LID}),
                Node("platform", {"name": "android"}),
            ))
        )  # fmt: skip


def shown(text: str) -> tuple[str, bytes, bytes, bytes, str]:
    """A code's reference, noise key, identity key, secret and client type."""
    reference, *keys, kind = text.partition("#")[2].split(",")
    noise, identity, secret = (b64decode(key) for key in keys)
    return reference, noise, identity, secret, kind


def scanning() -> Peer:
    """A linking that shows its first code of six."""
    peer = Peer()
    peer.connect()
    peer.offer()
    peer.sent()
    return peer


class TypingPhone:
    """A phone on which a pairing code is typed."""

    def __init__(self, code: str) -> None:
        self._code = code.replace("-", "")
        self.ephemeral = KeyPair.generate()

    def crypt(self, salt: bytes, iv: bytes, data: bytes) -> bytes:
        key = hashlib.pbkdf2_hmac("sha256", self._code.encode(), salt, 131_072, 32)
        return Cipher(algorithms.AES(key), CTR(iv)).encryptor().update(data)

    def wrapped(self) -> bytes:
        salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
        return salt + iv + self.crypt(salt, iv, self.ephemeral.public)

    def hello(self, reference: bytes) -> Node:
        return Node("link_code_companion_reg", {"stage": "primary_hello"}, (
            Node("link_code_pairing_wrapped_primary_ephemeral_pub", {}, self.wrapped()),
            Node("primary_identity_pub", {}, PHONE.public),
            Node("link_code_pairing_ref", {}, reference),
        ))  # fmt: skip

    def secret(self, hello: Node, finish: Node) -> bytes:
        """The ADV secret, from what the device sent first and last; InvalidTag if another code was typed."""
        theirs = hello.get("link_code_pairing_wrapped_companion_ephemeral_pub").data
        shared = self.ephemeral.shared(self.crypt(theirs[:32], theirs[32:48], theirs[48:]))
        bundle = finish.get("link_code_pairing_wrapped_key_bundle").data
        key = derived(shared, salt=bundle[:32], info=b"link_code_pairing_key_bundle_encryption_key", size=32)
        plain = AESGCM(key).decrypt(bundle[32:44], bundle[44:], None)
        assert plain[32:64] == PHONE.public
        both = PHONE.shared(plain[:32])
        return derived(shared + both + plain[64:], salt=None, info=b"adv_secret", size=32)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


CHALLENGE = b"sign this, please"
OPTIONS: Mapping[str, Any] = {
    "challenge": b64(CHALLENGE),
    "timeout": 600_000,
    "rpId": "whatsapp.com",
    "allowCredentials": [],
    "userVerification": "required",
    "extensions": {"uvm": True},
}


def assertion(**changed: Any) -> dict[str, Any]:
    """What a browser returns for the options; with parts ``changed`` if a test says so."""
    facts = {
        "type": changed.get("type", "webauthn.get"),
        "challenge": b64(changed.get("challenge", CHALLENGE)),
        "origin": changed.get("origin", ORIGIN),
        "crossOrigin": changed.get("cross_origin", False),
    }
    rp = hashlib.sha256(changed.get("rp", "whatsapp.com").encode()).digest()
    data = rp + bytes([changed.get("flags", 0x05)]) + bytes(4)
    credential = changed.get("credential", b"credential")
    return {
        "id": b64(credential),
        "rawId": b64(credential),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": b64(json.dumps(facts).encode()),
            "authenticatorData": b64(data),
            "signature": b64(b"signature"),
            "userHandle": None,
        },
    }


def options_node(options: Mapping[str, Any] = OPTIONS) -> Node:
    return Node("passkey_request_options", {}, json.dumps(options).encode())


class SigningPhone:
    """A phone that answers a passkey's prologue."""

    def __init__(self) -> None:
        self.ephemeral, self.nonce = KeyPair.generate(), secrets.token_bytes(32)
        self._identity = CompanionEphemeralIdentity()
        self._commitment = b""
        self.key = b""

    def met(self, prologue: Node) -> Node:
        """Its own ephemeral identity."""
        payload = parse(ProloguePayload, prologue.get("prologue_payload").data)
        self._identity = parse(CompanionEphemeralIdentity, payload.companionEphemeralIdentity)
        self._commitment = payload.commitment.hash
        self._seen = payload.companionEphemeralIdentity
        mine = PrimaryEphemeralIdentity(publicKey=self.ephemeral.public, nonce=self.nonce)
        return Node("primary_ephemeral_identity", {}, mine.SerializeToString())

    def code(self, nonce: bytes) -> str:
        """The code that it shows, once the device has revealed its nonce."""
        assert hashlib.sha256(self._seen + nonce).digest() == self._commitment
        digest = hashlib.sha256(nonce + self.ephemeral.public).digest()
        number = int.from_bytes(bytes(a ^ b for a, b in zip(self.nonce[:5], digest, strict=False)), "big")
        alphabet = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
        text = "".join(alphabet[number >> shift & 31] for shift in range(35, -1, -5))
        return f"{text[:4]}-{text[4:]}"

    def opened(self, request: Node) -> PairingRequest:
        """What the device wants to be linked under."""
        salt = f"Companion Pairing {self._identity.deviceType} with ref {self._identity.ref}".encode()
        shared = self.ephemeral.shared(self._identity.publicKey)
        key = derived(shared, salt=salt, info=b"Pairing Information Encryption Key", size=32)
        sealed = parse(EncryptedPairingRequest, request.data)
        return parse(PairingRequest, AESGCM(key).decrypt(sealed.IV, sealed.encryptedPayload, None))


def proof(secret: bytes, prologue: Node) -> bytes:
    """The handoff proof that a phone expects which has seen a code with this secret."""
    key = derived(secret, salt=None, info=b"shortcake-passkey-handoff-v1", size=32)
    return hmac.digest(key, prologue.get("prologue_payload").data, "sha256")
