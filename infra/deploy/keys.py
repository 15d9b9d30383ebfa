"""The keys that sign logins, made once for a stage; nobody ever sees them."""

import base64
import json
import secrets
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.deploy.account import Account, explained, refused

KEY_BYTES: Final = 32


def new_keys() -> dict[str, Any]:
    """Return ``{"current": kid, "keys": {kid: {"secret": base64url of 32 bytes}}}``."""
    kid = secrets.token_hex(4)
    secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
    return {"current": kid, "keys": {kid: {"secret": secret}}}


def ensure(account: Account, secret: str) -> bool:
    """Put signing keys into the secret ``secret`` unless it has some; return whether it was empty. Raises Refused."""
    manager = account.session.client("secretsmanager")
    with explained("keep the keys that sign logins"):
        try:
            manager.get_secret_value(SecretId=secret)
        except ClientError as error:
            # There is a secret, and it has no version yet.
            if not refused(error, "ResourceNotFoundException"):
                raise
        else:
            return False
        manager.put_secret_value(SecretId=secret, SecretString=json.dumps(new_keys()))
    return True
