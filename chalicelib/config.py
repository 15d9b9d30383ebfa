"""Settings, and the only reader of the environment. Nothing is read before a setting is asked for."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function or a worker is told by its environment; see the property's comment for who needs it."""

    table: str  # TABLE_NAME
    wake_queue: str  # WAKE_QUEUE_URL
    queue_prefix: str  # QUEUE_PREFIX: names of the workers' mailboxes begin with it
    mailbox_tags: dict[
        str, str
    ]  # MAILBOX_TAGS: tags of the mailboxes, as in team=messaging,cost-centre=42, functions only
    sockets_endpoint: str  # WS_ENDPOINT: where @connections is, functions only
    cluster: str  # CLUSTER, functions only
    worker_task: str  # WORKER_TASK: the task definition, functions only
    subnets: tuple[str, ...]  # WORKER_SUBNETS, comma-separated, functions only
    security_groups: tuple[str, ...]  # WORKER_SECURITY_GROUPS, comma-separated, functions only
    public_workers: bool  # WORKER_PUBLIC_ADDRESS=0: workers are behind NAT gateways, functions only
    capacity: str  # WORKER_CAPACITY: the ECS capacity provider of workers, functions only
    spot_fallback: bool  # WORKER_SPOT_FALLBACK=0: without Spot capacity sessions wait for it, functions only
    signing_keys: str  # SIGNING_KEYS_SECRET: the secret with the token signing keys, functions only
    standby_min: int  # STANDBY_MIN: how many workers wait for a session at the least, functions only
    standby_max: int  # STANDBY_MAX: how many wait after many sessions have started at a time, functions only
    upgrades_per_minute: int  # UPGRADES_PER_MINUTE: workers of an older task definition that give way a minute; 0: none
    metrics_namespace: str  # METRICS_NAMESPACE: CloudWatch's name for the metrics of this stack, functions only
    stage: str  # STAGE: local, dev, prod, …
    allow_anonymous: bool  # ALLOW_ANONYMOUS=1: /sessions without a credential; refused in every cloud stage
    send_burst: int  # SEND_BURST: messages that a session may send at once after a pause
    send_per_minute: int  # SEND_PER_MINUTE: messages that a session may send in the long run
    ask_burst: int  # ASK_BURST: questions that WhatsApp may be asked over a session at once after a pause
    ask_per_minute: int  # ASK_PER_MINUTE: questions that WhatsApp may be asked over a session in the long run
    arrivals_per_minute: int  # ARRIVALS_PER_MINUTE: Socket.IO clients that may connect from one address
    push_queue: str  # PUSH_QUEUE_URL: events of sessions that many watch, functions only
    told_at_once: int  # TOLD_AT_ONCE: watchers of a session that the fan-out tells itself; more are told apart
    watchers_per_session: int  # WATCHERS_PER_SESSION: clients that may watch one session, or follow all, at a time
    watchers_per_tenant: int  # WATCHERS_PER_TENANT: clients that may watch sessions of one tenant at a time
    sessions_per_tenant: int  # SESSIONS_PER_TENANT: sessions that a tenant may have; of all five 0 is no limit
    workers_per_tenant: int  # WORKERS_PER_TENANT: sessions of a tenant that may run at a time
    users_per_tenant: int  # USERS_PER_TENANT: users that a tenant may have
    keys_per_tenant: int  # KEYS_PER_TENANT: API keys that a tenant may have
    tickets_per_minute: int  # TICKETS_PER_MINUTE: tickets for WebSockets that a tenant may be given
    edge_secrets: tuple[str, ...]  # EDGE_SECRET: what the edge may prove itself with, functions only; none: no edge
    sockets_address: str  # SOCKETS_ADDRESS: the WebSocket API's own address, functions only; empty behind an edge
    waiting_calls: int  # WAITING_CALLS: calls that may wait at a time for what others do, functions only; 0: any number
    polls_apart: bool  # POLLS_APART=0: Socket.IO's polls need a place to wait in, like other calls, functions only
    allowed_origins: tuple[str, ...]  # ALLOWED_ORIGINS, with commas: pages from elsewhere that may call (:* any port)
    devices: str  # DEVICES: the directory of the linked devices' keys, workers only
    own_linker: bool  # LINKER=own: our own half links devices first; library: the client library, workers only
    whatsapp_version: tuple[int, int, int] | None  # WHATSAPP_VERSION=2.3000.N: what links as another one, workers only
    whatsapp_root: bytes | None  # WHATSAPP_ROOT_KEY: WhatsApp's root key, in hex; refused in every cloud stage
    heartbeat: Path | None  # HEARTBEAT: the file that tells the health check of life, workers only; unset for none
    delivery_queue: str  # DELIVERY_QUEUE_URL: webhooks to deliver, functions only
    dead_deliveries: str  # DELIVERY_DEAD_LETTER_QUEUE_URL: webhooks that failed for good, functions only
    media_bucket: str  # MEDIA_BUCKET: where files of messages lie
    media_uploads: str  # MEDIA_UPLOADS: where files are posted to, functions only; unset: to the bucket itself
    webhooks_local: bool  # WEBHOOK_ALLOW_LOCAL=1: endpoints over http and on loopback; refused in every cloud stage


@cache
def settings() -> Settings:
    """Return the process's settings, read once."""
    env = os.environ
    stage, anonymous = env.get("STAGE", "dev"), env.get("ALLOW_ANONYMOUS", "") == "1"
    if anonymous and stage != "local":
        raise RuntimeError("ALLOW_ANONYMOUS opens every session to everybody: it is for the local stack only.")
    webhooks_local = env.get("WEBHOOK_ALLOW_LOCAL", "") == "1"
    if webhooks_local and stage != "local":
        raise RuntimeError("WEBHOOK_ALLOW_LOCAL lets webhooks into the inner network: it is for the local stack only.")
    if env.get("WHATSAPP_ROOT_KEY") and stage != "local":
        raise RuntimeError("WHATSAPP_ROOT_KEY has workers trust another WhatsApp: it is for the local stack only.")
    return Settings(
        table=env.get("TABLE_NAME", ""),
        wake_queue=env.get("WAKE_QUEUE_URL", ""),
        queue_prefix=env.get("QUEUE_PREFIX", "switchboard-"),
        mailbox_tags=_tags(env.get("MAILBOX_TAGS", "")),
        sockets_endpoint=env.get("WS_ENDPOINT", ""),
        cluster=env.get("CLUSTER", ""),
        worker_task=env.get("WORKER_TASK", ""),
        subnets=_names(env.get("WORKER_SUBNETS", "")),
        security_groups=_names(env.get("WORKER_SECURITY_GROUPS", "")),
        public_workers=env.get("WORKER_PUBLIC_ADDRESS", "1") == "1",
        capacity=env.get("WORKER_CAPACITY", "FARGATE"),
        spot_fallback=env.get("WORKER_SPOT_FALLBACK", "1") == "1",
        signing_keys=env.get("SIGNING_KEYS_SECRET", ""),
        standby_min=int(env.get("STANDBY_MIN", "1")),
        standby_max=int(env.get("STANDBY_MAX", "5")),
        upgrades_per_minute=int(env.get("UPGRADES_PER_MINUTE", "10")),
        metrics_namespace=env.get("METRICS_NAMESPACE", ""),
        stage=stage,
        allow_anonymous=anonymous,
        send_burst=int(env.get("SEND_BURST", "30")),
        send_per_minute=int(env.get("SEND_PER_MINUTE", "60")),
        ask_burst=int(env.get("ASK_BURST", "10")),
        ask_per_minute=int(env.get("ASK_PER_MINUTE", "20")),
        arrivals_per_minute=int(env.get("ARRIVALS_PER_MINUTE", "120")),
        push_queue=env.get("PUSH_QUEUE_URL", ""),
        told_at_once=int(env.get("TOLD_AT_ONCE", "25")),
        watchers_per_session=int(env.get("WATCHERS_PER_SESSION", "100")),
        watchers_per_tenant=int(env.get("WATCHERS_PER_TENANT", "1000")),
        sessions_per_tenant=int(env.get("SESSIONS_PER_TENANT", "1000")),
        workers_per_tenant=int(env.get("WORKERS_PER_TENANT", "500")),
        users_per_tenant=int(env.get("USERS_PER_TENANT", "500")),
        keys_per_tenant=int(env.get("KEYS_PER_TENANT", "1000")),
        tickets_per_minute=int(env.get("TICKETS_PER_MINUTE", "600")),
        edge_secrets=_edge_secrets(env.get("EDGE_SECRET", "")),
        sockets_address=env.get("SOCKETS_ADDRESS", ""),
        waiting_calls=int(env.get("WAITING_CALLS", "0")),
        polls_apart=env.get("POLLS_APART", "1") == "1",
        allowed_origins=_names(env.get("ALLOWED_ORIGINS", "")),
        devices=env.get("DEVICES", "/devices"),
        own_linker=_linker(env.get("LINKER", "own")),
        whatsapp_version=_version(env.get("WHATSAPP_VERSION", "")),
        whatsapp_root=bytes.fromhex(env["WHATSAPP_ROOT_KEY"]) if env.get("WHATSAPP_ROOT_KEY") else None,
        heartbeat=Path(env["HEARTBEAT"]) if env.get("HEARTBEAT") else None,
        delivery_queue=env.get("DELIVERY_QUEUE_URL", ""),
        dead_deliveries=env.get("DELIVERY_DEAD_LETTER_QUEUE_URL", ""),
        media_bucket=env.get("MEDIA_BUCKET", ""),
        media_uploads=env.get("MEDIA_UPLOADS", ""),
        webhooks_local=webhooks_local,
    )


def _linker(name: str) -> bool:
    if name not in {"own", "library"}:
        raise RuntimeError("LINKER is either own or library.")
    return name == "own"


def _version(text: str) -> tuple[int, int, int] | None:
    if not text:
        return None
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and int(part) < 2**32 for part in parts):
        raise RuntimeError("WHATSAPP_VERSION is three numbers with dots between them, as 2.3000.1047769893.")
    first, second, third = map(int, parts)
    return first, second, third


def _edge_secrets(text: str) -> tuple[str, ...]:
    """Return the values in ``{"current": text, "other": text}``, without those that are empty."""
    told = json.loads(text) if text else {}
    return tuple(value for value in told.values() if value)


def _tags(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (one.partition("=") for one in _names(text))}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)
