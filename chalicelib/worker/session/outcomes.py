"""What became of messages whose worker ended while it sent them, told by the secrets that they were sent with.

Theory of outcomes
------------------
Nobody can give the client library a message's id beforehand, and a worker that dies before the library's call returns
never learns it. But a message goes out with a secret that stands in the table before (``Dispatch.begin``), and the
library writes secret and id into its own database before the message reaches the wire. So the next worker reads that
database, before its client opens it:

- A secret that is there says under which id its message left, or was about to. The message stays ``unknown``, but with
  that id: a receipt settles it, and it can be edited and deleted.
- A secret that isn't there says that the message never left, if all that the library wrote is there: its process is
  known to have ended while its host lived on (the database isn't synced per message), and the database read is that of
  its epoch, or was copied from it. Then the message is queued again. In any other case nobody can tell.
"""

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from chalicelib.domain.messages import Message
from chalicelib.services.messages.outbox import Dispatch
from chalicelib.services.ports import Rejected
from chalicelib.worker.log import Log
from chalicelib.worker.session.device import Opened, reading
from chalicelib.worker.waiting import EventQueue, patiently

AT_ONCE: Final = 500
"""Secrets that are asked for in one query: SQLite takes some more."""


def ids_of(database: Path, secrets: Collection[bytes]) -> Mapping[bytes, str] | None:
    """Return WhatsApp's ids of the messages that were sent with the secrets, as far as there are any.

    None if the database can't be read: then it says nothing about those that it doesn't name.
    """
    found: dict[bytes, str] = {}
    wanted = list(secrets)
    try:
        with closing(reading(database)) as connection:
            for begin in range(0, len(wanted), AT_ONCE):
                some = wanted[begin : begin + AT_ONCE]
                marks = ", ".join("?" * len(some))
                # Only question marks are put into it.
                query = f"SELECT key, message_id FROM whatsmeow_message_secrets WHERE key IN ({marks})"  # noqa: S608
                found.update(connection.execute(query, some))
    except sqlite3.DatabaseError:
        return None
    return found


class Outcomes:
    """Settles what the worker before this one left half sent; call it before the client opens the database.

    ``ended`` is the epoch whose worker's process is known to have ended while its host lived on, if it is known.
    """

    def __init__(self, uid: str, dispatch: Dispatch, events: EventQueue, log: Log, *, ended: int | None) -> None:
        self._uid = uid
        self._dispatch = dispatch
        self._events = events
        self._log = log
        self._ended = ended

    def settle(self, opened: Opened) -> tuple[str, ...]:
        """Return WhatsApp's ids of those that may have left. Raises Interrupted.

        What nobody can tell anything about is left as it is, to be reported as unknown.
        """
        half_sent = patiently(lambda: self._dispatch.half_sent(self._uid), self._events)
        secrets = {message.secret for message in half_sent if message.secret}
        known = ids_of(opened.database, secrets) if secrets else {}
        if known is None:
            self._log.warning("outcomes_unreadable")
            return ()
        left: list[str] = []
        for message in half_sent:
            whatsapp_id = known.get(message.secret) if message.secret else None
            if whatsapp_id:
                left.append(whatsapp_id)
                self._report("left", message, partial(self._dispatch.left, message, whatsapp_id))
            elif message.secret and message.epoch == self._ended == opened.origin:
                self._report("never_left", message, partial(self._dispatch.put_back, message))
        return tuple(left)

    def _report(self, outcome: str, message: Message, move: partial[Message | None]) -> None:
        try:
            patiently(move, self._events)
        except Rejected as rejected:
            self._log.warning("outcome_rejected", message=message.id, code=rejected.code)
        else:
            self._log.info("outcome", message=message.id, outcome=outcome)
