"""Joins what tells watchers."""

from functools import cache

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.events import DynamoHistory
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.watchers import DynamoChannels, DynamoWatchers
from chalicelib.adapters.queues import PushQueue
from chalicelib.bootstrap import parts
from chalicelib.config import settings
from chalicelib.services.watching.push import Push
from chalicelib.services.watching.socketio import Conversation, Rooms, SocketIO
from chalicelib.services.watching.watching import WatcherLimits, Watching


@cache
def watching() -> Watching:
    """Return who lets watchers in and out."""
    return Watching(
        parts.session_store(), DynamoWatchers(parts.table()), parts.sockets(), parts.wakes(), parts.clock, limits()
    )


@cache
def limits() -> WatcherLimits:
    """Return who says how many may watch."""
    here = settings()
    return WatcherLimits(
        DynamoWatchers(parts.table()), parts.clock, here.watchers_per_session, here.watchers_per_tenant
    )


@cache
def push() -> Push:
    """Return who tells watchers."""
    here = settings()
    return Push(
        sessions=parts.session_store(),
        watchers=DynamoWatchers(parts.table()),
        sockets=parts.sockets(),
        wakes=parts.wakes(),
        rooms=rooms(),
        clock=parts.clock,
        history=DynamoHistory(parts.table()),
        messages=DynamoMessages(parts.table()),
        pushes=PushQueue(clients.sqs(), here.push_queue),
        told_at_once=here.told_at_once,
    )


@cache
def rooms() -> Rooms:
    """Return who tells Socket.IO clients."""
    return Rooms(
        channels=parts.channels(),
        store=DynamoChannels(parts.table()),
        sessions=parts.session_store(),
        watchers=DynamoWatchers(parts.table()),
        wakes=parts.wakes(),
        clock=parts.clock,
        limits=limits(),
    )


@cache
def socketio() -> SocketIO:
    """Return who lets Socket.IO clients in and out."""
    return SocketIO(
        channels=parts.channels(),
        store=DynamoChannels(parts.table()),
        conversation=Conversation(parts.channels(), rooms(), parts.clock, limits()),
        wakes=parts.wakes(),
        clock=parts.clock,
        most_arrivals=settings().arrivals_per_minute,
    )
