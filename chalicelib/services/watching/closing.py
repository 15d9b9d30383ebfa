"""Watchers of somebody whose credential ended: they are told nothing more, and their connections are closed."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chalicelib.services.ports import Gone, Rejected, Sockets, Unavailable, WatcherStore

AT_ONCE: Final = 16
"""Connections closed at a time."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """Ends what a credential opened."""

    watchers: WatcherStore
    sockets: Sockets
    channels: Sockets  # Socket.IO's, by their sids

    def close(self, principal: str) -> None:
        """Forget the principal's watchers, then close their connections; doing it twice does no harm."""
        followers = self.watchers.of(principal)
        if not followers:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(followers))) as pool:
            # Reading the results raises what the table couldn't do: a watcher that wasn't forgotten would hear more.
            for _ in pool.map(self._close, followers):
                pass

    def _close(self, watcher: str) -> None:
        if self.watchers.get(watcher) is None:
            # A channel is forgotten and its connection closed in one: if that fails, the call is to be repeated.
            with suppress(Gone):
                self.channels.close(watcher)
            return
        self.watchers.remove(watcher)
        try:
            self.sockets.close(watcher)
        except Gone:
            pass
        except (Unavailable, Rejected):
            _log.warning(
                "a watcher's connection couldn't be closed; it is told nothing more", extra={"watcher": watcher}
            )
