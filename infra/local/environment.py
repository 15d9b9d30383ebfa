"""The environment of functions and workers, with the secrets that a deployment would make."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra import REPOSITORY
from infra.local.aws import LocalAws
from infra.local.bucket import FORMS
from infra.local.iam.callers import WORKER, sign_by_caller
from infra.local.moto.server import answer_inside
from infra.local.own_addresses import OwnAddresses, lead_to_local_aws
from infra.local.settings import LocalSettings, Network
from infra.local.state import LocalState
from infra.local.tasks import STARTUP, search_path

CREDENTIALS_FILE: Final = "secrets.json"
KEY_BYTES: Final = 32
USER: Final = "admin"
LOOPBACK_PASSWORD: Final = "admin123"  # noqa: S105 - the quick start's own, refused where accounts are real


def signing_keys(state: LocalState) -> dict[str, Any]:
    """Return ``{"current": kid, "keys": {kid: {"secret": base64url of 32 bytes}}}``, made on first use."""
    kept = state.read(CREDENTIALS_FILE, {})
    if "signing_keys" not in kept:
        kid = secrets.token_hex(4)
        secret = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode()
        kept["signing_keys"] = {"current": kid, "keys": {kid: {"secret": secret}}}
        state.write(CREDENTIALS_FILE, kept)
    return dict(kept["signing_keys"])


def keep_signing_keys(state: LocalState, aws: LocalAws) -> None:
    """Put the signing keys where the functions read them."""
    text = json.dumps(signing_keys(state))
    aws.client("secretsmanager").put_secret_value(SecretId=aws.variables["SIGNING_KEYS_SECRET"], SecretString=text)


@dataclass(frozen=True, slots=True)
class Password:
    """The first administrator's password; ``shown`` is what the terminal prints of it."""

    text: str
    shown: str


def password(state: LocalState, *, real: bool) -> Password:
    """Return the well-known password, or, where real accounts are linked, a random one that is shown only once."""
    if not real:
        return Password(LOOPBACK_PASSWORD, LOOPBACK_PASSWORD)
    kept = state.read(CREDENTIALS_FILE, {})
    if "password" in kept:
        return Password(kept["password"], f"(the password is in {state.directory / CREDENTIALS_FILE})")
    kept["password"] = secrets.token_urlsafe(12)
    state.write(CREDENTIALS_FILE, kept)
    return Password(kept["password"], kept["password"])


LOCAL_NAMES = "127.0.0.1,localhost"
LOCAL_PAGES = "http://localhost:*,http://127.0.0.1:*"
"""The origins of pages that a developer serves on this machine, on any port; the front refuses all others."""


def become_lambda(
    aws: LocalAws, settings: LocalSettings, ws_endpoint: str, proof: str, own: OwnAddresses | None = None
) -> None:
    """Make this process's environment the functions', and nothing of the developer's own AWS account remain in it.

    ``proof`` is what the front shows the functions for having passed it. Where there is no front, ``own`` are the
    addresses of the WebSocket API and of the bucket.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(aws.environment())
    os.environ.update(aws.variables)
    os.environ["WS_ENDPOINT"] = ws_endpoint
    os.environ["EDGE_SECRET"] = "" if own else json.dumps({"current": proof})
    os.environ["SOCKETS_ADDRESS"] = own.sockets_url if own else ""
    # moto's own port takes nothing from pages.
    uploads = own.bucket_url if own else f"http://127.0.0.1:{settings.port}{FORMS}"
    os.environ["MEDIA_UPLOADS"] = f"{uploads}/{aws.variables['MEDIA_BUCKET']}"
    if own:
        # Addresses that are signed are the bucket's own.
        os.environ["AWS_ENDPOINT_URL_S3"] = own.bucket_url
    # Chalice sets it from its own configuration; only this stage may let callers in without a credential.
    os.environ["STAGE"] = "local"
    os.environ.setdefault("WEBHOOK_ALLOW_LOCAL", "1")
    os.environ["ALLOWED_ORIGINS"] = ",".join(filter(None, (os.environ.get("ALLOWED_ORIGINS"), LOCAL_PAGES)))
    os.environ["ALLOW_ANONYMOUS"] = "1" if settings.anonymous else "0"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), LOCAL_NAMES)))
    events = sign_by_caller(aws.callers).get_component("event_emitter")
    answer_inside(events, aws.server)
    if own:
        lead_to_local_aws(events, own.bucket_url, aws.url)


def for_workers(aws: LocalAws, settings: LocalSettings, state: LocalState, client: Mapping[str, str]) -> dict[str, str]:
    """Return each worker's variables beside its task's own; those in ``client`` lead its client to the loopback."""
    path = search_path(client.get("PYTHONPATH", ""), str(STARTUP), str(REPOSITORY))
    proxies = client if settings.network is Network.LOOPBACK else {"NO_PROXY": LOCAL_NAMES}
    if "LOOPBACK_WHATSAPP_ROOT_KEY" in proxies:
        proxies = {**proxies, "WHATSAPP_ROOT_KEY": proxies["LOOPBACK_WHATSAPP_ROOT_KEY"]}
    own = {
        "AWS_ACCESS_KEY_ID": aws.callers.key_id(WORKER),
        # As the functions may: proxies may be on this machine.
        "STAGE": "local",
        "WEBHOOK_ALLOW_LOCAL": os.environ.get("WEBHOOK_ALLOW_LOCAL", "1"),
        "DEVICES": str(state.devices),
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
    }
    # A container has a /tmp of its own; here they would share one, and nobody asks for their health.
    return aws.environment() | dict(proxies) | own | {"HEARTBEAT": ""}
