"""The environment in which production code wakes up: this process's own for the functions, one more for the workers."""

import os
from collections.abc import Mapping

from infra.local.aws import LocalAws
from infra.local.iam.callers import WORKER, sign_by_caller
from infra.local.moto_inside import answer_inside
from infra.local.process import STARTUP, search_path
from infra.local.settings import REPOSITORY, Network, Settings
from infra.local.state import State

LOCAL_NAMES = "127.0.0.1,localhost"
LOCAL_PAGES = "http://localhost:*,http://127.0.0.1:*"
"""Pages that a developer serves on this machine, on whatever port; the front refuses all others anyway."""


def become_lambda(aws: LocalAws, settings: Settings, ws_endpoint: str) -> None:
    """Make this process's environment the functions', and nothing of the developer's own AWS account remain in it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(aws.environment())
    os.environ.update(aws.variables)
    os.environ["WS_ENDPOINT"] = ws_endpoint
    # Chalice sets it from its own configuration; only this stage may let callers in without a credential.
    os.environ["STAGE"] = "local"
    os.environ.setdefault("WEBHOOK_ALLOW_LOCAL", "1")
    os.environ["ALLOWED_ORIGINS"] = ",".join(filter(None, (os.environ.get("ALLOWED_ORIGINS"), LOCAL_PAGES)))
    os.environ["ALLOW_ANONYMOUS"] = "1" if settings.anonymous else "0"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), LOCAL_NAMES)))
    answer_inside(sign_by_caller(aws.callers).get_component("event_emitter"), aws.server)


def for_workers(aws: LocalAws, settings: Settings, state: State, client: Mapping[str, str]) -> dict[str, str]:
    """Return what each worker gets beside its task's own variables; ``client`` leads its client to the loopback."""
    path = search_path(client.get("PYTHONPATH", ""), str(STARTUP), str(REPOSITORY))
    proxies = client if settings.network is Network.LOOPBACK else {"NO_PROXY": LOCAL_NAMES}
    own = {
        "AWS_ACCESS_KEY_ID": aws.callers.key_id(WORKER),
        "DEVICES": str(state.devices),
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
    }
    # A container has a /tmp of its own; here they would share one, and nobody asks for their health.
    return aws.environment() | dict(proxies) | own | {"HEARTBEAT": ""}
