"""Settings, and the only reader of the environment. Nothing is read before a setting is asked for."""

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function or a worker is told by its environment; see the property's comment for who needs it."""

    table: str  # TABLE_NAME
    wake_queue: str  # WAKE_QUEUE_URL
    queue_prefix: str  # QUEUE_PREFIX: names of the workers' mailboxes begin with it
    sockets_endpoint: str  # WS_ENDPOINT: where @connections is, functions only
    cluster: str  # CLUSTER, functions only
    worker_task: str  # WORKER_TASK: the task definition, functions only
    subnets: tuple[str, ...]  # WORKER_SUBNETS, comma-separated, functions only
    security_groups: tuple[str, ...]  # WORKER_SECURITY_GROUPS, comma-separated, functions only
    signing_keys: str  # SIGNING_KEYS_SECRET: the secret with the token signing keys, functions only
    standby_workers: int  # STANDBY_WORKERS: how many workers wait for a session
    stage: str  # STAGE: local, dev, prod, …
    allow_anonymous: bool  # ALLOW_ANONYMOUS=1: /sessions without a credential; refused in every cloud stage
    send_burst: int  # SEND_BURST: messages that a session may send at once after a pause
    send_per_minute: int  # SEND_PER_MINUTE: messages that a session may send in the long run
    devices: str  # DEVICES: the directory of the linked devices' keys, workers only


@cache
def settings() -> Settings:
    """Return the process's settings, read once."""
    env = os.environ
    stage, anonymous = env.get("STAGE", "dev"), env.get("ALLOW_ANONYMOUS", "") == "1"
    if anonymous and stage != "local":
        raise RuntimeError("ALLOW_ANONYMOUS opens every session to everybody: it is for the local stack only.")
    return Settings(
        table=env.get("TABLE_NAME", ""),
        wake_queue=env.get("WAKE_QUEUE_URL", ""),
        queue_prefix=env.get("QUEUE_PREFIX", "switchboard-"),
        sockets_endpoint=env.get("WS_ENDPOINT", ""),
        cluster=env.get("CLUSTER", ""),
        worker_task=env.get("WORKER_TASK", ""),
        subnets=_names(env.get("WORKER_SUBNETS", "")),
        security_groups=_names(env.get("WORKER_SECURITY_GROUPS", "")),
        signing_keys=env.get("SIGNING_KEYS_SECRET", ""),
        standby_workers=int(env.get("STANDBY_WORKERS", "1")),
        stage=stage,
        allow_anonymous=anonymous,
        send_burst=int(env.get("SEND_BURST", "30")),
        send_per_minute=int(env.get("SEND_PER_MINUTE", "60")),
        devices=env.get("DEVICES", "/devices"),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)
