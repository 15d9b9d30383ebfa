"""Serving one session: the client's events become reports, and the owner's wishes acts, until there is an ending.

Everything happens on the calling thread: client, mailbox and signals only fill the session's queue of events.
"""

from dataclasses import replace
from typing import Final

from chalicelib.domain import events as e
from chalicelib.domain.session import Desired, Reason, Status
from chalicelib.worker import monotonic
from chalicelib.worker.handover import DONE, Again, Ending, Exit, Handover
from chalicelib.worker.session.connection import REPLACED_PAUSE, Phase, Pulse, Restarts, comes_back
from chalicelib.worker.session.device import Devices
from chalicelib.worker.session.lease import HeldLease
from chalicelib.worker.session.linking import Round
from chalicelib.worker.session.messaging import Messaging
from chalicelib.worker.session.reporter import SessionReporter, translate
from chalicelib.worker.session.shutdown import Shutdown
from chalicelib.worker.session.tunnel import Tunnel
from chalicelib.worker.session.wal_sync import WalSync
from chalicelib.worker.waiting import Bounded, EventQueue, Happening, Rung, Terminated, backoff
from chalicelib.worker.whatsapp import client as c

LOOK_EVERY: Final = 30_000
"""Milliseconds between looks at what is wanted, in case a ring got lost."""
LOOK_AFTER: Final = 50
"""Milliseconds from a ring to that look: most rings are for a message, whose sender waits, and goes first."""
TICK: Final = 0.5
"""Seconds between looks at a client that would say nothing if it died."""
IDLE_TICK: Final = 5.0
ANSWERS_IN: Final = 0.5
"""Seconds for the client to say whether its socket is open. It doesn't while it opens one, which may take for ever."""

_LAST: Final = (c.LoggedOutEvent, c.PasskeyRequestEvent, c.ClientOutdatedEvent, c.TemporaryBanEvent)
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
        self._messaging.begin(self._client)
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
                self._messaging.ring()
                self._look_at = min(self._look_at, monotonic() + LOOK_AFTER)
                return None
            case Terminated():
                # First of all: the time to end in is short, and AWS may take all of it.
                self._shutdown.close()
                # Which status follows is the reconciler's to say, unless the owner has said it.
                return self._shutdown.stop() if self._reporter.look().desired is Desired.STOPPED else Exit(DONE)
            case c.QREvent(code=code):
                self._pulse.move(Phase.SCANNING)
                self._reporter.report(e.QRShown(self._round.show(code, self._reporter.clock())))
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

    def _moved(self, event: c.ClientEvent) -> Ending | None:
        """Report what the client says, and keep up with it."""
        if self._shutdown.deadline is not None:
            return self._while_shutting_down(event)
        if isinstance(event, c.DisconnectedEvent) and self._pulse.phase is not Phase.ONLINE:
            # The restart after a pairing, or one of the client's own further tries.
            return None
        if isinstance(event, c.ConnectedEvent) and self._reporter.session.refuses(event.device):
            return self._shutdown.turn_away(event.device)
        translated = translate(event)
        session = self._reporter.report(translated) if translated else self._reporter.session
        match event:
            case c.PairSuccessEvent():
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
        if self._pulse.phase is not Phase.SCANNING:
            self._try_again()
            return None
        if self._round.ran_out(self._reporter.clock()):
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
