"""Serving one session: the client's events become reports, and the owner's wishes acts, until there is an ending.

Everything happens on the calling thread: client, mailbox and signals only fill the session's queue of events. What the
service goes by comes first, and needs no thread at all:

- A ``Round`` counts the codes of a scan and draws them.
- ``Pulse`` tells whether a client lives that would say nothing if it didn't: until a device is linked, only its socket
  tells.
- ``Restarts`` counts clients that ended in the middle of a connection: the next one begins at once, unless that happens
  again and again.
- ``comes_back`` decides about a connection that WhatsApp closed for another one of the same device. A frozen process
  can't end itself in time: when it thaws, its client may reconnect first. So the worker that took over from it comes
  back, once. Anybody else connected on purpose, and is never fought.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from chalicelib.domain import events as e
from chalicelib.domain.ring import Matter
from chalicelib.domain.session import Desired, QRCode, Reason, Status
from chalicelib.worker import monotonic
from chalicelib.worker.handover import DONE, Again, Ending, Exit, Handover
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.drawing import modules_of, picture
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.linking import OwnersLinking
from chalicelib.worker.session.messaging import Messaging
from chalicelib.worker.session.reporter import SessionReporter, translate
from chalicelib.worker.session.shutdown import Shutdown
from chalicelib.worker.session.tunnel import Tunnel
from chalicelib.worker.session.wal_sync import WalSync
from chalicelib.worker.waiting import Bounded, EventQueue, Happening, Rung, Terminated, backoff
from chalicelib.worker.whatsapp import client as c

CODES_A_ROUND: Final = 6
FIRST_LASTS: Final = 60_000
"""Milliseconds that the client shows the first of six codes."""
OTHERS_LAST: Final = 20_000
"""Milliseconds that it shows each other one."""


def render(code: str, *, attempt: int, now: int) -> QRCode:
    """Return ``code``, the client's text unchanged, as the ``attempt``-th code of its round, shown from ``now`` on."""
    modules = modules_of(code)
    return QRCode(
        code=code,
        image=picture(modules),
        matrix="\n".join("".join("01"[dark] for dark in row) for row in modules),
        attempt=attempt,
        expires_at=now + (FIRST_LASTS if attempt == 1 else OTHERS_LAST),
    )


EARLY: Final = 1_000
"""Milliseconds that the client may be ahead of us when it drops the last code."""


@dataclass(slots=True)
class Round:
    """Counts the codes of a round."""

    shown: int = 0
    expires_at: int = 0
    over: bool = False

    def show(self, code: str, now: int, seconds: float | None = None) -> QRCode:
        """Return the next code, rendered; it is shown for ``seconds``, or as the library shows codes."""
        self.shown += 1
        qr = render(code, attempt=self.shown, now=now)
        if seconds is not None:
            qr = replace(qr, expires_at=now + round(seconds * 1000))
        self.expires_at = qr.expires_at
        return qr

    def ran_out(self, now: int) -> bool:
        """Whether a client that is dead at ``now`` ran out of codes; one that died earlier was closed, or refused.

        It says so itself (``over``), though only in its trace; else the last code's time tells.
        """
        return self.over or (self.shown > 0 and now >= self.expires_at - EARLY)


NO_CODE_FOR: Final = 30_000
"""Milliseconds that a client may take to get its first code, or to log in while it has no socket."""
DEAD_FOR: Final = 1_500
"""Milliseconds without a socket before a client that shows a code counts as dead.

Not at once: after a scan it reconnects before it says so.
"""


class Phase(StrEnum):
    """How far the client has come."""

    CONNECTING = "connecting"
    SCANNING = "scanning"
    PROVING = "proving"
    PAIRING = "pairing"
    ONLINE = "online"
    DEAD = "dead"


_LINKING: Final = frozenset({Phase.SCANNING, Phase.PROVING})
"""While a code is shown, or a passkey waited for."""


@dataclass(slots=True)
class Pulse:
    """The client's phase, and since when (monotonic milliseconds) looks at it have found no socket.

    Counted from a look and not from the last time it was open: between two looks a worker may have waited for AWS.
    """

    phase: Phase = Phase.CONNECTING
    closed_since: int | None = None

    @property
    def mute(self) -> bool:
        """Whether a dead client would say nothing now, so that it must be looked at."""
        return self.phase in {Phase.CONNECTING, *_LINKING}

    def move(self, phase: Phase) -> None:
        """Say how far the client has come; it lives."""
        self.phase, self.closed_since = phase, None

    def lost(self, *, connected: bool | None, now: int) -> bool:
        """Whether a client counts as dead at ``now`` whose socket is open, or not, or (None) being opened."""
        reopens = connected is None and self.phase is Phase.SCANNING
        if connected or reopens or not self.mute:
            self.closed_since = None
            return False
        if self.closed_since is None:
            self.closed_since = now
        return now - self.closed_since >= (DEAD_FOR if self.phase in _LINKING else NO_CODE_FOR)


CALM: Final = 60_000
"""Milliseconds since the last restart after which the next one is the first again."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """``count`` is how many in a row came within ``CALM`` of the one before, ``at`` when the last one was."""

    count: int = 0
    at: int | None = None

    def one_more(self, now: int) -> "Restarts":
        """Return them with another one at ``now`` (monotonic milliseconds); its count is 0 if nobody need wait."""
        soon = self.at is not None and now - self.at < CALM
        return Restarts(self.count + 1 if soon else 0, now)


TAKEOVER: Final = 600_000
"""Milliseconds after a takeover in which it may be the old worker."""
REPLACED_PAUSE: Final = 5_000
"""Milliseconds until we come back: by then it has ended itself."""


def comes_back(*, took_over_at: int | None, again: bool, now: int) -> bool:
    """Return whether to connect once more at ``now``; ``again`` says that this has happened before."""
    return took_over_at is not None and not again and now - took_over_at < TAKEOVER


LOOK_EVERY: Final = 30_000
"""Milliseconds between looks at what is wanted, in case a ring got lost."""
LOOK_AFTER: Final = 50
"""Milliseconds from a ring for anything to that look: one that is for a message goes first."""
TICK: Final = 0.5
"""Seconds between looks at a client that would say nothing if it died."""
IDLE_TICK: Final = 5.0
ANSWERS_IN: Final = 0.5
"""Seconds for the client to say whether its socket is open. It doesn't while it opens one, which may take for ever."""

_LAST: Final = (
    c.LoggedOutEvent,
    c.PasskeyEndedEvent,
    c.ClientOutdatedEvent,
    c.RegistrationRefusedEvent,
    c.TemporaryBanEvent,
)
"""Events after which there is nothing left to serve: a fresh scan round is a new claim's."""


class Service:
    """One session with one client, until the ending."""

    def __init__(
        self,
        *,
        handover: Handover,
        reporter: SessionReporter,
        lease: HeldLease,
        events: EventQueue,
        devices: Devices,
        client: c.Client,
        messaging: Messaging,
        shutdown: Shutdown,
        wal_sync: WalSync,
        owners_acts: OwnersLinking,
        linked: bool,
        tunnel: Tunnel | None = None,
    ) -> None:
        self._handover = handover
        self._reporter = reporter
        self._lease = lease
        self._events = events
        self._devices = devices
        self._client = client
        self._messaging = messaging
        self._shutdown = shutdown
        self._wal_sync = wal_sync
        self._owners_acts = owners_acts
        self._linked = linked
        self._tunnel = tunnel
        self._restarts = reporter.session.restarts
        self._round = Round()
        self._pulse = Pulse()
        self._connected = Bounded(client.is_connected, ANSWERS_IN)
        self._look_at = monotonic() + LOOK_EVERY
        self._again_at: int | None = None

    def run(self) -> Ending:
        """Connect and serve. Raises Fenced."""
        self._messaging.begin()
        ending = self._act()
        while ending is None:
            happening = self._events.next(self._patience())
            ending = (self._on(happening) if happening else None) or self._tick()
            self._messaging.allow(online=self._online)
        return ending

    def _patience(self) -> float:
        """Return for how many seconds nothing needs to be done."""
        tick = TICK if self._pulse.mute or self._again_at else IDLE_TICK
        return min(tick, max(self._look_at - monotonic(), 0) / 1000)

    @property
    def _online(self) -> bool:
        return self._pulse.phase is Phase.ONLINE and self._reporter.session.status is Status.CONNECTED

    def _on(self, happening: Happening) -> Ending | None:
        match happening:
            case Rung():
                self._on_ring(happening)
                return None
            case Terminated():
                # First of all: the time to end in is short, and AWS may take all of it.
                self._shutdown.close()
                # Which status follows is the reconciler's to say, unless the owner has said it.
                return self._shutdown.stop() if self._reporter.look().desired is Desired.STOPPED else Exit(DONE)
            case c.QREvent(code=code, seconds=seconds):
                self._pulse.move(Phase.SCANNING)
                self._reporter.report(e.QRShown(self._round.show(code, self._reporter.clock(), seconds)))
                return None
            case c.PasskeyRequestEvent():
                return self._demanded(happening)
            case c.PairingCodeEvent() | c.PairingCodeEndedEvent() | c.PasskeyCodeEvent():
                self._owners_acts.told(happening)
                return None
            case c.EndedEvent() if self._pulse.phase is Phase.ONLINE:
                return self._restart()
            case c.CodesRanOutEvent() | c.EndedEvent() | c.ConnectFailureEvent():
                self._round.over |= isinstance(happening, c.CodesRanOutEvent)
                return self._died()
            case c.StreamReplacedEvent():
                return self._replaced()
            case _:
                return self._moved(happening)

    def _on_ring(self, rung: Rung) -> None:
        self._messaging.ring(rung)
        if self._pulse.phase in _LINKING and rung.calls_for(Matter.QUESTION):
            self._owners_acts.look()
        if rung.calls_for(Matter.ANYTHING):
            self._look_at = min(self._look_at, monotonic() + LOOK_AFTER)

    def _demanded(self, passkey: c.PasskeyRequestEvent) -> Ending | None:
        """Go on by the owner's answer to WhatsApp's demand, if this client can pass that on."""
        if passkey.options is None:
            self._reporter.report(e.PasskeyRequested())
            return Exit(DONE)
        self._pulse.move(Phase.PROVING)
        self._owners_acts.demanded(passkey.options, passkey.seconds)
        return None

    def _moved(self, event: c.ClientEvent) -> Ending | None:
        """Report what the client says, and keep up with it."""
        if self._shutdown.deadline is not None:
            return self._while_shutting_down(event)
        if isinstance(event, c.DisconnectedEvent) and self._pulse.phase is not Phase.ONLINE:
            # The restart after a pairing, or a failed attempt that the client repeats by itself.
            return None
        if isinstance(event, c.ConnectedEvent) and self._reporter.session.refuses(event.device):
            return self._shutdown.turn_away(event.device)
        translated = translate(event, self._reporter.clock())
        session = self._reporter.report(translated) if translated else self._reporter.session
        match event:
            case c.PairSuccessEvent():
                self._owners_acts.over()
                self._linked = True
                self._pulse.move(Phase.PAIRING)
            case c.PairErrorEvent():
                self._pause()
            case c.ConnectedEvent():
                self._linked = True
                self._pulse.move(Phase.ONLINE)
                self._handover = replace(self._handover, failures=0)
                self._devices.prune(session.uid, session.epoch)
                self._wal_sync.connected(monotonic())
            case _ if isinstance(event, _LAST):
                return Exit(DONE)
        return None

    def _while_shutting_down(self, event: c.ClientEvent) -> Ending | None:
        if isinstance(event, c.ConnectedEvent):
            return self._shutdown.log_out()
        # Unlinked from the phone meanwhile is unlinked; what else ends the client leaves it unconfirmed.
        return self._shutdown.gone(confirmed=isinstance(event, c.LoggedOutEvent)) if isinstance(event, _LAST) else None

    def _tick(self) -> Ending | None:
        now = monotonic()
        self._wal_sync.tick(now)
        if self._shutdown.deadline is not None and now >= self._shutdown.deadline:
            return self._shutdown.gone(confirmed=False)
        if self._again_at is not None and now >= self._again_at:
            return Again(self._handover)
        # Only when nothing waits that may say why the socket is closed.
        if self._pulse.mute and not self._events.waiting and self._pulse.lost(connected=self._connected(), now=now):
            return self._died()
        return self._look() if now >= self._look_at else None

    def _look(self) -> Ending | None:
        self._look_at = monotonic() + LOOK_EVERY
        self._reporter.look()
        return self._act()

    def _act(self) -> Ending | None:
        """Do what the owner wants, as far as is known here."""
        match self._reporter.session.desired:
            case Desired.RUNNING if self._reporter.session.restarts != self._restarts:
                # With another client, and by the proxy that the session has now.
                self._shutdown.close()
                self._reporter.report(e.Restarted())
                return Again(replace(self._handover, failures=0))
            case Desired.RUNNING:
                return None
            case Desired.STOPPED:
                return self._shutdown.stop()
            case Desired.UNLINKED | Desired.DELETED:
                if self._linked and self._pulse.phase is Phase.DEAD:
                    return Again(self._handover)
                return self._shutdown.begin(linked=self._linked, online=self._pulse.phase is Phase.ONLINE)

    def _died(self) -> Ending | None:
        """Go on after the client has come to nothing: it can't be used again in this process."""
        if self._pulse.phase is Phase.DEAD:
            return None
        if self._shutdown.deadline is not None:
            return self._shutdown.gone(confirmed=False)
        self._owners_acts.over()
        if self._pulse.phase not in _LINKING:
            self._try_again()
            return None
        if self._pulse.phase is Phase.SCANNING and self._round.ran_out(self._reporter.clock()):
            another = self._reporter.scan_ended().status is Status.STARTING
            return Again(replace(self._handover, failures=0)) if another else Exit(DONE)
        self._reporter.report(e.PairError())
        self._pause()
        return None

    def _try_again(self) -> None:
        """WhatsApp can't be reached, or refuses, or the proxy on the way there does."""
        retry_at = self._reporter.clock() + self._pause()
        reason = Reason.PROXY_FAILURE if self._tunnel and self._tunnel.failed else Reason.CONNECT_FAILURE
        self._reporter.report(e.ConnectFailure(reason, retry_at=retry_at))

    def _replaced(self) -> Ending | None:
        """Somebody else connected as this device."""
        before, now = self._handover, self._reporter.clock()
        if self._shutdown.deadline is not None:
            return self._shutdown.gone(confirmed=False)
        if not comes_back(took_over_at=before.took_over_at, again=before.replaced, now=now):
            self._reporter.report(e.StreamReplaced())
            return Exit(DONE)
        self._lease.renew()
        self._reporter.report(e.Disconnected(Reason.REPLACED))
        self._pulse.phase = Phase.DEAD
        self._handover = replace(before, replaced=True)
        self._again_at = monotonic() + REPLACED_PAUSE
        return None

    def _restart(self) -> Ending | None:
        """Go on in a fresh image after the client has ended in the middle of a connection: at once, as a rule."""
        if self._shutdown.deadline is not None:
            return Again(self._handover)
        self._reporter.report(e.Disconnected(Reason.CLIENT_RESTARTED))
        restarts = Restarts(self._handover.restarts, self._handover.restarted_at).one_more(monotonic())
        self._handover = replace(self._handover, restarts=restarts.count, restarted_at=restarts.at)
        if not restarts.count:
            return Again(self._handover)
        self._pulse.phase = Phase.DEAD
        self._again_at = monotonic() + backoff(restarts.count)
        return None

    def _pause(self) -> int:
        """Go on in a fresh image after a while that doubles with each failure in a row; return its milliseconds."""
        failures = self._handover.failures + 1
        self._handover = replace(self._handover, failures=failures)
        self._pulse.phase = Phase.DEAD
        pause = backoff(failures)
        self._again_at = monotonic() + pause
        return pause
