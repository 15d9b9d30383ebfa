"""What every errand of a session's worker comes to: at most so fast, and with a ring, since the worker looks seldom."""

import logging
from math import ceil
from typing import Final

from chalicelib.domain.errors import TooFast
from chalicelib.domain.session import Session
from chalicelib.services.ports import Clock, Mailboxes, Paces, Rejected, Unavailable

_log: Final = logging.getLogger(__name__)


def keep_pace(paces: Paces, session: Session, clock: Clock, message: str, *, hint: str) -> None:
    """Take a token of the session's; raises TooFast with that message and hint if there is none."""
    wait = paces.take(session.uid, now=clock())
    if wait:
        raise TooFast(message, hint=hint, retry_after=ceil(wait))


def ring(mailboxes: Mailboxes, session: Session) -> None:
    """Wake the session's worker. What it is to do stands, so a lost ring only costs time: it also looks by itself."""
    try:
        if session.mailbox:
            mailboxes.ring(session.mailbox)
    except (Unavailable, Rejected) as error:
        _log.warning("a worker couldn't be rung for: %s", error, extra={"uid": session.uid})
