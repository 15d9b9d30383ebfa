"""The secrets that a deployment would make: here they are made once and kept, so that logins outlive a restart."""

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

from infra.local.aws import LocalAws
from infra.local.state import State

FILE: Final = "secrets.json"
KEY_BYTES: Final = 32
USER: Final = "admin"
LOOPBACK_PASSWORD: Final = "admin123"  # noqa: S105 - the quick start's own, refused where accounts are real


def signing_keys(state: State) -> dict[str, Any]:
    """Return ``{"current": kid, "keys": {kid: {"secret": base64url of 32 bytes}}}``, made on first use."""
    kept = state.read(FILE, {})
    if "signing_keys" not in kept:
        kid = secrets.token_hex(4)
        secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
        kept["signing_keys"] = {"current": kid, "keys": {kid: {"secret": secret}}}
        state.write(FILE, kept)
    return dict(kept["signing_keys"])


def keep_signing_keys(state: State, aws: LocalAws) -> None:
    """Put the signing keys where the functions read them."""
    text = json.dumps(signing_keys(state))
    aws.client("secretsmanager").put_secret_value(SecretId=aws.variables["SIGNING_KEYS_SECRET"], SecretString=text)


@dataclass(frozen=True, slots=True)
class Password:
    """The first administrator's; ``shown`` is what the terminal says of it."""

    text: str
    shown: str


def password(state: State, *, real: bool) -> Password:
    """Return the well-known password, or, where real accounts are linked, a random one that is shown only once."""
    if not real:
        return Password(LOOPBACK_PASSWORD, LOOPBACK_PASSWORD)
    kept = state.read(FILE, {})
    if "password" in kept:
        return Password(kept["password"], f"(the password is in {state.directory / FILE})")
    kept["password"] = secrets.token_urlsafe(12)
    state.write(FILE, kept)
    return Password(kept["password"], kept["password"])
