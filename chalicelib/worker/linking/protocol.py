"""A linking as messages of a websocket: the handshake, then encrypted stanzas in frames.

Whatever a server does to the bytes (cuts, swaps, repeats or enlarges them) ends the linking with a reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.wire.certificates import WHATSAPP_ROOT, check_chain
from chalicelib.wire.codec import MalformedStanza, decode, encode
from chalicelib.wire.frames import HEADER, FrameStream, MalformedStream, framed
from chalicelib.wire.node import MalformedJid, MissingPart
from chalicelib.wire.noise import Initiator, NoiseFailure, NoiseTransport
from chalicelib.wire.proto import MalformedMessage
from chalicelib.worker.linking.linking import Ended, Event, Linking
from chalicelib.worker.linking.registration import VERSION, Appearance, DeviceKeys, registration
from chalicelib.worker.linking.states import FINAL, Input, LinkingState, OutOfTurn, Why

HELLO_S: Final = 20.0
"""Seconds for the server's hello."""
LARGEST_FRAME: Final = 1 << 20
"""Bytes; what a linking needs fits into some thousands."""
_MALFORMED: Final = (NoiseFailure, MalformedMessage, MalformedStream, MalformedStanza, MalformedJid, MissingPart)


class LinkingProtocol:
    """One linking over one connection. ``root`` is the key that must vouch for the server.

    ``now`` is always the monotonic time in seconds, ``unix_s`` the seconds since the Unix epoch at the same moment.
    """

    def __init__(
        self,
        keys: DeviceKeys | None = None,
        appearance: Appearance | None = None,
        *,
        now: float,
        unix_s: float,
        version: tuple[int, int, int] = VERSION,
        root: bytes = WHATSAPP_ROOT,
    ) -> None:
        self._keys, self._appearance = keys or DeviceKeys(), appearance or Appearance()
        self._version = version
        self._root = root
        self._unix_s, self._began = unix_s, now
        self._frames = FrameStream(LARGEST_FRAME)
        self._initiator = Initiator(HEADER, self._keys.noise)
        self._transport: NoiseTransport | None = None
        self._linking: Linking | None = None
        self._ended: Ended | None = None
        self._events: list[Event] = []
        self._out = [HEADER + framed(self._initiator.hello())]

    @property
    def state(self) -> LinkingState:
        """How far it has come."""
        if self._ended:
            return LinkingState.ENDED
        return self._linking.state if self._linking else LinkingState.CONNECTING

    @property
    def wake_at(self) -> float | None:
        """When ``tick`` has something to do; None at the end."""
        if self._ended:
            return None
        return self._linking.wake_at if self._linking else self._began + HELLO_S

    def messages_to_send(self) -> Sequence[bytes]:
        """Return, once, the websocket messages that are to be sent, in this order."""
        if self._linking and self._transport:
            cipher = self._transport.outgoing
            self._out += [framed(cipher.encrypt(encode(node))) for node in self._linking.stanzas_to_send()]
        out, self._out = self._out, []
        return out

    def events(self) -> Sequence[Event]:
        """Return, once, what has happened, in this order."""
        events, self._events = [*(self._linking.events() if self._linking else ()), *self._events], []
        return events

    def receive(self, message: bytes, now: float) -> None:
        """Take a websocket message."""
        try:
            for frame in self._frames.feed(message):
                if self.state in FINAL:
                    return
                self._take(frame, now)
        except _MALFORMED as error:
            self._fail(error)

    def _take(self, frame: bytes, now: float) -> None:
        if self._transport is None or self._linking is None:
            self._finish(frame, now)
        else:
            self._linking.receive(decode(self._transport.incoming.decrypt(frame)), now)

    def _finish(self, frame: bytes, now: float) -> None:
        introduction = self._initiator.read(frame)
        unix_s = self._unix_s + now - self._began
        check_chain(introduction.certificates, introduction.key, root=self._root, now_s=unix_s)
        payload = registration(self._keys, self._appearance, self._version)
        self._transport = self._initiator.finish(payload)
        self._out.append(framed(self._transport.finish))
        self._linking = Linking(self._keys, self._appearance, now=now, unix_s=unix_s)

    def _fail(self, error: Exception) -> None:
        self.end(Why.NOT_WHATSAPP, type(error).__name__)

    def tick(self, now: float) -> None:
        """Let end what has lasted long enough by ``now``."""
        if self._linking:
            self._linking.tick(now)
        elif now >= self._began + HELLO_S:
            self.end(Why.SILENT)

    def end(self, why: Why, detail: str = "") -> None:
        """End it, unless it has ended; a closed connection is no failure once the device has agreed."""
        if self._linking:
            self._linking.end(why, detail)
        elif not self._ended:
            self._ended = Ended(why, detail)
            self._events.append(self._ended)

    # What the owner does; each raises OutOfTurn where a linking isn't so far, or is past it.

    def show_pairing_code(self, phone: str, now: float, *, push: bool = True) -> None:
        """Ask WhatsApp to take a fresh pairing code for the number ``phone`` (digits)."""
        self._at(Input.CODE_TYPED).show_pairing_code(phone, now, push=push)

    def give_assertion(self, assertion: Mapping[str, Any], now: float) -> None:
        """Take the signed challenge; BadAssertion if it isn't one for it."""
        self._at(Input.ASSERTION_GIVEN).give_assertion(assertion, now)

    def confirm(self, now: float, *, same: bool) -> None:
        """Say whether the phone shows the code that the device shows."""
        self._at(Input.CODE_CONFIRMED).confirm(now, same=same)

    def stored(self, now: float) -> None:
        """Say that the device is on the disk."""
        self._at(Input.DEVICE_STORED).stored(now)

    def not_stored(self) -> None:
        """Say that the device couldn't be stored."""
        self._at(Input.DEVICE_STORED).not_stored()

    def _at(self, asked: Input) -> Linking:
        if self._linking is None:
            raise OutOfTurn(self.state, asked)
        return self._linking
