"""moto's queues, made safe to work with and to follow.

moto changes a queue's list of messages from several threads without a lock, and hands messages to clients that went
while they waited for one: such a message is invisible for the queue's visibility timeout. Here one thread at a time
changes a queue, a client that has gone gets nothing, and followers are told of each change before it is made.
"""

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol

from moto.core.utils import unix_time, unix_time_millis
from moto.sqs.models import Message, Queue, SQSBackend

from infra.local.moto.patching import Place, put_in_place

LOOK_S: Final = 1.0
"""Seconds between two looks of a waiting receive, unless a message is due earlier."""


class Follower(Protocol):
    """Is told of changes in the thread that makes them, before they can be seen; an exception prevents the change."""

    def made(self, queue: Queue) -> None:
        """A queue was made, or its attributes or tags changed: told after the change."""

    def gone(self, queue: str) -> None:
        """A queue is deleted."""

    def emptied(self, queue: str) -> None:
        """All messages of a queue are deleted."""

    def put(self, queue: str, message: Message) -> None:
        """A message is sent to a queue, or moved to it from another one."""

    def received(self, message: Message) -> None:
        """A message was received: told after the change."""

    def deleted(self, message: Message) -> None:
        """A message is deleted."""


_followers: Final[list[Follower]] = []
_asking: ContextVar[socket.socket | None] = ContextVar("asking", default=None)
_add: Final = Queue.add_message
_delete: Final = Queue.delete_message
_mark_received: Final = Message.mark_received
_receive: Final = SQSBackend.receive_message
_create_queue: Final = SQSBackend.create_queue
_delete_queue: Final = SQSBackend.delete_queue
_set_queue_attributes: Final = SQSBackend.set_queue_attributes
_tag_queue: Final = SQSBackend.tag_queue
_untag_queue: Final = SQSBackend.untag_queue
_purge_queue: Final = SQSBackend.purge_queue


def make_queues_safe() -> None:
    """Install the replacements, for the whole process. Repeatable."""
    put_in_place(PLACES)


@contextmanager
def followed_by(follower: Follower) -> Iterator[None]:
    """Have all queues of this process followed for the block."""
    _followers.append(follower)
    try:
        yield
    finally:
        _followers.remove(follower)


@contextmanager
def asked_over(connection: socket.socket) -> Iterator[None]:
    """Note the connection of a call, so that a call whose client has gone gets no message."""
    token = _asking.set(connection)
    try:
        yield
    finally:
        _asking.reset(token)


def has_gone(connection: socket.socket) -> bool:
    """Return whether the other side has closed a connection."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def add_message(queue: Queue, message: Message) -> None:
    """Put a message into a queue."""
    with queue._messages_lock:  # noqa: SLF001 - a method of it, in effect, as all that follow
        for one in _followers:
            one.put(queue.name, message)
        _add(queue, message)


def delete_message(queue: Queue, receipt_handle: str) -> None:
    """Delete the message of a receipt; raises moto's error for an unknown receipt."""
    with queue._messages_lock:  # noqa: SLF001
        for message in queue._messages:  # noqa: SLF001
            if message.had_receipt_handle(receipt_handle):
                _told_deleted(message)
        _delete(queue, receipt_handle)


def mark_received(message: Message, visibility_timeout: int | None = None) -> None:
    """Hide a message for the visibility timeout, and count its reception."""
    _mark_received(message, visibility_timeout)
    for one in _followers:
        one.received(message)


def receive_message(
    backend: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *given: Any
) -> list[Message]:
    """Return up to ``count`` messages as soon as there are any; none when the time is up, or the client has gone."""
    queue = backend.get_queue(queue_name)
    connection = _asking.get()
    ends = time.monotonic() + wait_seconds_timeout
    with queue._messages_lock:  # noqa: SLF001
        while connection is None or not has_gone(connection):
            _expire(queue)
            found = _receive(backend, queue_name, count, 0, *given)
            left = ends - time.monotonic()
            if found or left <= 0:
                return found
            queue._messages_lock.wait(min(left, _until_next(queue)))  # noqa: SLF001
            # A queue that was deleted meanwhile has no messages.
            if backend.queues.get(queue_name) is not queue:
                break
    return []


def create_queue(backend: SQSBackend, name: str, tags: dict[str, str] | None = None, **more: Any) -> Queue:
    """Make a queue."""
    queue = _create_queue(backend, name, tags, **more)
    for one in _followers:
        one.made(queue)
    return queue


def delete_queue(backend: SQSBackend, queue_name: str) -> None:
    """Delete a queue and its messages."""
    backend.get_queue(queue_name)
    for one in _followers:
        one.gone(queue_name)
    _delete_queue(backend, queue_name)


def purge_queue(backend: SQSBackend, queue_name: str) -> None:
    """Delete a queue's messages."""
    with backend.get_queue(queue_name)._messages_lock:  # noqa: SLF001
        for one in _followers:
            one.emptied(queue_name)
        _purge_queue(backend, queue_name)


def _then_made(change: Callable[..., Any]) -> Callable[..., Any]:
    def changed(backend: SQSBackend, queue_name: str, *given: Any, **named: Any) -> Any:
        answer = change(backend, queue_name, *given, **named)
        queue = backend.get_queue(queue_name)
        for one in _followers:
            one.made(queue)
        return answer

    return changed


def _told_deleted(message: Message) -> None:
    for one in _followers:
        one.deleted(message)


def _expire(queue: Queue) -> None:
    """Forget what is older than the queue keeps messages: moto would hand out nothing as long as it comes first."""
    oldest = (unix_time() - queue.message_retention_period) * 1000  # type: ignore[attr-defined]
    messages = queue._messages  # noqa: SLF001
    old = [message for message in messages if (message.sent_timestamp or 0) < oldest]
    for message in old:
        _told_deleted(message)
        queue.pending_messages.discard(message)
        messages.remove(message)


def _until_next(queue: Queue) -> float:
    """Return the seconds until a delayed or hidden message can be had, or another look should be taken."""
    due = [max(one.visible_at, one.delayed_until) for one in queue._messages]  # noqa: SLF001
    # moto takes a message for visible from the millisecond after on.
    return min(LOOK_S, max(0.01, (min(due, default=float("inf")) - unix_time_millis() + 1) / 1000))


PLACES: Final = (
    Place(Queue, "add_message", add_message),
    Place(Queue, "delete_message", delete_message),
    Place(Message, "mark_received", mark_received),
    Place(SQSBackend, "receive_message", receive_message),
    Place(SQSBackend, "create_queue", create_queue),
    Place(SQSBackend, "delete_queue", delete_queue),
    Place(SQSBackend, "purge_queue", purge_queue),
    Place(SQSBackend, "set_queue_attributes", _then_made(_set_queue_attributes)),
    Place(SQSBackend, "tag_queue", _then_made(_tag_queue)),
    Place(SQSBackend, "untag_queue", _then_made(_untag_queue)),
)
