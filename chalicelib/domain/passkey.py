"""A passkey's answer to WhatsApp's demand: all of it that can be checked before it is sent.

WhatsApp asks whoever links a device to some accounts to sign a WebAuthn challenge for WhatsApp's own origin
(https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion). No key of a passkey is known here, so the signature itself
is WhatsApp's to check. Pure: the API refuses by this what the worker would refuse, and answers at once.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

LASTS_S: Final = 600.0
"""Seconds that a challenge is signed in, unless WhatsApp says fewer."""
ORIGIN: Final = "https://web.whatsapp.com"
"""The one page that may sign: any other can only have been made to look like it."""
RELYING_PARTY: Final = "web.whatsapp.com"
"""Unless WhatsApp's options name another one."""
MOST_CHARACTERS: Final = 16_384
"""Of each part of an assertion, and of WhatsApp's options: some hundreds are usual."""
_FLAGS_AT: Final = 32
_SMALLEST_DATA: Final = 37
_PRESENT, _VERIFIED = 0x01, 0x04


class Wrong(StrEnum):
    """What is wrong with an assertion."""

    MALFORMED = "malformed_assertion"
    TYPE = "wrong_type"
    CHALLENGE = "wrong_challenge"
    ORIGIN = "wrong_origin"
    RELYING_PARTY = "wrong_relying_party"
    NOT_PRESENT = "user_not_present"
    NOT_VERIFIED = "user_not_verified"
    CREDENTIAL = "unknown_credential"


class BadAssertion(ValueError):
    """What was given is no assertion for this challenge; ``code`` names what is wrong."""

    def __init__(self, code: Wrong) -> None:
        super().__init__(code)
        self.code = code


class NoChallenge(ValueError):
    """What was given holds no WebAuthn challenge; the text says why."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed: WhatsApp's options, as they are handed to a browser."""

    options: Mapping[str, Any]

    @classmethod
    def parse(cls, data: bytes | str) -> "Challenge":
        """Read WhatsApp's JSON; NoChallenge if it holds none."""
        try:
            options = json.loads(data[: MOST_CHARACTERS + 1])
        except (ValueError, RecursionError) as error:
            raise NoChallenge("the options are no JSON") from error
        if isinstance(options, dict) and isinstance(options.get("publicKey"), dict):
            options = options["publicKey"]
        if not isinstance(options, dict) or not isinstance(options.get("challenge"), str) or not options["challenge"]:
            raise NoChallenge("the options hold no challenge")
        return cls(options)

    @property
    def lasts(self) -> float:
        """Seconds to sign it in."""
        timeout = self.options.get("timeout")
        known = isinstance(timeout, int) and not isinstance(timeout, bool) and timeout > 0
        return min(timeout / 1000, LASTS_S) if known else LASTS_S  # type: ignore[operator]

    @property
    def relying_party(self) -> str:
        """Whose passkey is asked for."""
        named = self.options.get("rpId")
        return named if isinstance(named, str) and named else RELYING_PARTY

    @property
    def credentials(self) -> frozenset[bytes]:
        """The ids of the passkeys that may sign; none named means any."""
        listed = self.options.get("allowCredentials")
        ids = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return frozenset(decoded for one in ids if isinstance(one, str) and (decoded := _decoded(one)))


@dataclass(frozen=True, slots=True)
class Assertion:
    """A checked assertion, as WhatsApp takes it."""

    credential: bytes = field(repr=False)
    sent: bytes = field(repr=False)


def check(challenge: Challenge, given: Mapping[str, Any]) -> Assertion:
    """Check all of an assertion (a PublicKeyCredential's JSON) that needs no public key; BadAssertion if it's wrong."""
    response = given.get("response")
    if given.get("type") != "public-key" or not isinstance(response, Mapping):
        raise BadAssertion(Wrong.MALFORMED)
    credential = _part(given, "rawId" if "rawId" in given else "id")
    if "id" in given and _part(given, "id") != credential:
        raise BadAssertion(Wrong.MALFORMED)
    client, data = _part(response, "clientDataJSON"), _part(response, "authenticatorData")
    signature = _part(response, "signature")
    handle = None if response.get("userHandle") in (None, "") else _part(response, "userHandle")
    if len(data) < _SMALLEST_DATA:
        raise BadAssertion(Wrong.MALFORMED)
    _check_client_data(challenge, client)
    if not hmac.compare_digest(data[:_FLAGS_AT], hashlib.sha256(challenge.relying_party.encode()).digest()):
        raise BadAssertion(Wrong.RELYING_PARTY)
    if not data[_FLAGS_AT] & _PRESENT:
        raise BadAssertion(Wrong.NOT_PRESENT)
    if challenge.options.get("userVerification") == "required" and not data[_FLAGS_AT] & _VERIFIED:
        raise BadAssertion(Wrong.NOT_VERIFIED)
    if challenge.credentials and credential not in challenge.credentials:
        raise BadAssertion(Wrong.CREDENTIAL)
    parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
    told = {name: _encoded(part) for name, part in parts.items()}
    told["userHandle"] = None if handle is None else _encoded(handle)  # type: ignore[assignment]
    name = _encoded(credential)
    sent = {"id": name, "rawId": name, "type": "public-key", "response": told}
    return Assertion(credential, json.dumps(sent, separators=(",", ":")).encode())


def _check_client_data(challenge: Challenge, client: bytes) -> None:
    try:
        facts = json.loads(client)
    except (ValueError, RecursionError) as error:
        raise BadAssertion(Wrong.MALFORMED) from error
    if not isinstance(facts, dict):
        raise BadAssertion(Wrong.MALFORMED)
    if facts.get("type") != "webauthn.get":
        raise BadAssertion(Wrong.TYPE)
    signed, wanted = facts.get("challenge"), _decoded(challenge.options["challenge"])
    if not isinstance(signed, str) or not wanted or _decoded(signed) != wanted:
        raise BadAssertion(Wrong.CHALLENGE)
    if facts.get("origin") != ORIGIN or facts.get("crossOrigin") is True:
        raise BadAssertion(Wrong.ORIGIN)


def _part(of: Mapping[str, Any], name: str) -> bytes:
    value = of.get(name)
    decoded = _decoded(value) if isinstance(value, str) and len(value) <= MOST_CHARACTERS else None
    if not decoded:
        raise BadAssertion(Wrong.MALFORMED)
    return decoded


def _decoded(text: str) -> bytes | None:
    """Read base64url, with its padding or without."""
    bare = text.rstrip("=")
    try:
        # Strict, since a decoder that drops what it doesn't know takes different texts for the same bytes.
        if not bare.isascii() or not bare.replace("-", "").replace("_", "").isalnum():
            return None
        return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except ValueError:
        return None


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
