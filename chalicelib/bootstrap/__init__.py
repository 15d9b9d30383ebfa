"""Joins services to adapters, each once a process and when it is first asked for; the only place that knows both."""

from chalicelib.bootstrap.access import accounts, api_keys, first_administrator, reservations, tenants, tickets, users
from chalicelib.bootstrap.control import history, reconciler, standbys, sweeper, webhooks
from chalicelib.bootstrap.owners import bulk, messages, naming, outbox, questions, sessions, single_session
from chalicelib.bootstrap.parts import clock
from chalicelib.bootstrap.watchers import push, rooms, socketio, watching
from chalicelib.bootstrap.workers import worker

__all__ = [
    "accounts",
    "api_keys",
    "bulk",
    "clock",
    "first_administrator",
    "history",
    "messages",
    "naming",
    "outbox",
    "push",
    "questions",
    "reconciler",
    "reservations",
    "rooms",
    "sessions",
    "single_session",
    "socketio",
    "standbys",
    "sweeper",
    "tenants",
    "tickets",
    "users",
    "watching",
    "webhooks",
    "worker",
]
