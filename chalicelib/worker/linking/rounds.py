"""One scan round: the codes that the client has shown, and whether it has run out of them."""

from dataclasses import dataclass
from typing import Final

from chalicelib.domain.session import QRCode
from chalicelib.worker.linking.qr import render

EARLY: Final = 1_000
"""Milliseconds that the client may be ahead of us when it drops the last code."""


@dataclass(slots=True)
class Round:
    """Counts the codes of a round."""

    shown: int = 0
    expires_at: int = 0
    over: bool = False

    def show(self, code: str, now: int) -> QRCode:
        """Return the next code, rendered."""
        self.shown += 1
        qr = render(code, attempt=self.shown, now=now)
        self.expires_at = qr.expires_at
        return qr

    def ran_out(self, now: int) -> bool:
        """Whether a client that is dead at ``now`` ran out of codes; one that died earlier was closed, or refused.

        It says so itself (``over``), though only in its trace; else the last code's time tells.
        """
        return self.over or (self.shown > 0 and now >= self.expires_at - EARLY)
