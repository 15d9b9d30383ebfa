"""Watchers of somebody whose credential ended: they are told nothing more, and their connections are closed."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chalicelib.services.ports import Gone, Rejected, Sockets, Unavailable, WatcherStore
from chalicelib.services.watching.channels import Channels

AT_ONCE: Final = 16
"""Connections closed at a time."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """Ends what a credential opened."""

    watchers: WatcherStore
    sockets: Sockets
    channels: Channels

    def close(self, principal: str, *, token: str | None = None) -> None:
        """Forget the principal's watchers, then close their connections; doing it twice does no harm.

        With a ``token``, those that came with another one stay.
        """
        followers = self.watchers.of(principal)
        if not followers:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(followers))) as pool:
            # Reading the results raises what the table couldn't do: a watcher that wasn't forgotten would hear more.
            for _ in pool.map(lambda one: self._close(one, token), followers):
                pass

    def _close(self, watcher: str, token: str | None) -> None:
        known = self.watchers.get(watcher)
        if token:
            # Of those that connected before tokens were noted nobody knows with which they came.
            whose = known.token if known else self.channels.token(watcher)
            if whose not in {None, token}:
                return
        if known is None:
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
