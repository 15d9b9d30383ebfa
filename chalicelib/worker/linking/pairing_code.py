"""Pairing codes: eight characters that somebody types on the phone in the place of scanning a picture.

The device encrypts an ephemeral key under the code and leaves it with WhatsApp. The phone that knows the code opens it
and answers with a key of its own, under the same code. Both then share a secret, under which the device tells the phone
its identity key; and a new ADV secret grows of it, which seals what the phone vouches for. A phone on which another
code was typed can't open what the device sends, and stays silent.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final

from chalicelib.wire.curve25519 import KeyPair
from chalicelib.wire.node import PHONES, Attribute, Jid, MissingPart, Node
from chalicelib.wire.pairing import (
    CODE_BYTES,
    KeyBundle,
    code_shown,
    code_text,
    secret_of_code,
    unwrap_key,
    wrap_key,
)
from chalicelib.worker.linking import qr
from chalicelib.worker.linking.registration import SECRET_SIZE, Appearance, DeviceKeys

LASTS_S: Final = 180.0
"""Seconds that WhatsApp takes a code for."""
ANSWER_S: Final = 60.0
"""Seconds for the phone to vouch once a code was typed; one on which another code was typed stays silent."""
MOST_TRIES: Final = 3
"""Times that a code may be typed."""

DISPLAYS: Final = {
    "1": "Chrome (Linux)",
    "2": "Edge (Windows)",
    "3": "Firefox (Linux)",
    "5": "Opera (Linux)",
    "6": "Safari (Mac OS)",
}
"""How the phone is told what asks for the code, by client type. WhatsApp refuses names that it doesn't know (400)."""
_OTHER_DISPLAY: Final = "Chrome (Linux)"


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code for one phone number, and the key that it protects. Making one takes a tenth of a second."""

    phone: str
    """The number's digits."""
    code: str = field(default_factory=lambda: code_text(secrets.token_bytes(CODE_BYTES)), repr=False)
    ephemeral: KeyPair = field(default_factory=KeyPair.generate, repr=False)
    wrapped: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Encrypt the ephemeral key, once."""
        if not self.wrapped:
            object.__setattr__(self, "wrapped", wrap_key(self.code, self.ephemeral.public))

    @property
    def shown(self) -> str:
        """The code as the phone asks for it: ``ABCD-EFGH``."""
        return code_shown(self.code)

    def hello(self, keys: DeviceKeys, appearance: Appearance, *, push: bool = True) -> Node:
        """Return what announces the code to WhatsApp; ``push`` has the phone show a notification that asks for it."""
        kind = qr.client_type(appearance.platform)
        attributes: dict[str, Attribute] = {
            "jid": Jid(self.phone, PHONES),
            "stage": "companion_hello",
            "should_show_push_notification": "true" if push else "false",
        }
        return Node("link_code_companion_reg", attributes, (
            Node("link_code_pairing_wrapped_companion_ephemeral_pub", {}, self.wrapped),
            Node("companion_server_auth_key_pub", {}, keys.noise.public),
            Node("companion_platform_id", {}, kind),
            Node("companion_platform_display", {}, DISPLAYS.get(kind, _OTHER_DISPLAY)),
            Node("link_code_pairing_nonce", {}, b"\0"),
        ))  # fmt: skip

    def answer(self, typed: Node, reference: bytes, identity: KeyPair) -> "Finish":
        """Answer the phone on which a code was typed. Whether it was this one only the phone will know.

        MissingPart if the phone's keys aren't there, or are none.
        """
        wrapped = typed.get("link_code_pairing_wrapped_primary_ephemeral_pub").data
        primary = typed.get("primary_identity_pub").data
        try:
            shared = self.ephemeral.shared(unwrap_key(self.code, wrapped))
            identities = identity.shared(primary)
        except ValueError as error:
            raise MissingPart("the phone's keys are none") from error
        chance = secrets.token_bytes(SECRET_SIZE)
        bundle = KeyBundle(identity.public, primary, chance).sealed(shared)
        secret = secret_of_code(shared, identities, chance)
        attributes: dict[str, Attribute] = {"jid": Jid(self.phone, PHONES), "stage": "companion_finish"}
        finish = Node("link_code_companion_reg", attributes, (
            Node("link_code_pairing_wrapped_key_bundle", {}, bundle),
            Node("companion_identity_public", {}, identity.public),
            Node("link_code_pairing_ref", {}, reference),
        ))  # fmt: skip
        return Finish(finish, secret)


@dataclass(frozen=True, slots=True)
class Finish:
    """What the phone is answered, and the ADV secret from then on."""

    node: Node
    secret: bytes = field(repr=False)
