"""A deadline over a whole exchange: a socket's own timeouts only bound each step, and a peer can make many of them."""

import socket
import time
from contextlib import suppress
from threading import Timer
from typing import Self, TypeVar

S = TypeVar("S", bound=socket.socket)


class Deadline:
    """Within it, ``seconds`` after entering, whichever socket is watched then is shut, whatever is waiting for it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._pass)
        self._timer.daemon = True
        self._watched: socket.socket | None = None
        self.passed = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._watched is not None:
            self._watched.close()

    @property
    def left(self) -> float:
        """Seconds until it passes; raises TimeoutError if it has."""
        left = self._ends - time.monotonic()
        if self.passed or left <= 0:
            raise TimeoutError
        return left

    def watch(self, sock: S) -> S:
        """Watch ``sock`` from now on, and close it at the end; raises TimeoutError if the deadline has passed."""
        self._watched = sock
        sock.settimeout(self.left)
        return sock

    def _pass(self) -> None:
        self.passed = True
        if self._watched is not None:
            with suppress(OSError):
                # Not an SSL socket's own shutdown, which drops the encryption first and lets what is still being
                # written go out in plain.
                socket.socket.shutdown(self._watched, socket.SHUT_RDWR)
