"""The secrets that a deployment would make: here they are made once and kept, so that logins outlive a restart."""

import base64
import json
import secrets
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


def password(state: State, *, real: bool) -> str:
    """Return the first administrator's password: a random one, kept, where real accounts are linked."""
    if not real:
        return LOOPBACK_PASSWORD
    kept = state.read(FILE, {})
    if "password" not in kept:
        kept["password"] = secrets.token_urlsafe(12)
        state.write(FILE, kept)
    return str(kept["password"])
