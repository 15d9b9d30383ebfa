"""Subscriptions: sessions that one connection follows, each from one event to the next without a gap.

Theory. History has all of a session's events in their order, and a subscription has the cursor of the last one that
was sent. What is to be sent is always what history has after that cursor, never the event at hand alone. So an event
that nobody could tell at its time is sent with the next one, or by a job of the wake queue, and a client that comes
back with the last cursor that it has goes on from there.

One function at a time sends for a subscription: it claims the subscription, sends, writes the cursor, and gives the
claim back. So the order holds, though the fan-out, a client's new subscription and a job may come at one moment. Who
finds the claim taken leaves word and goes; whoever has the claim looks at history once more before it gives it back. A
function that dies with a claim holds it up until the claim ends: whoever was turned away has queued a job for then.
What that function had sent and not yet noted is sent twice, in the same order.

Mostly the event at hand is the next one that is owed, and nobody else sends. The fan-out, which has the session's
events one after the other, then sends it without a claim and writes the cursor afterwards, over the one that it read.
If that is another one by then, whoever wrote it has read history later, and so has sent the event too: it came twice. A
frame that couldn't be sent leaves the cursor as it is.

The fan-out writes history before it looks for subscriptions, and a subscription is stored before history is read for
it, so no event falls between the two.

A subscription to all sessions of a tenant has no cursor, since each session has a history of its own. It is sent the
events at hand. A connection that can't be sent one is closed, so that its client connects again and lists the sessions:
that is how it learns what it missed.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.dialects import frames_in
from chalicelib.dialects.dialect import Subscribing
from chalicelib.domain.access import Permission, Principal
from chalicelib.domain.errors import CursorGone, Forbidden, GatewayError, NotReady, SessionNotFound, TooManyWatchers
from chalicelib.domain.events import DELETED, Envelope, QRShown
from chalicelib.domain.messages import UNTOLD
from chalicelib.domain.session import Session, linked
from chalicelib.domain.watchers import (
    ALL,
    DRAINING,
    LIFETIME,
    MOST_SUBSCRIPTIONS,
    SETTLING,
    Subscription,
    Watcher,
    subscribed,
    subscribed_to_all,
)
from chalicelib.services.ports import (
    Clock,
    Gone,
    HistoryStore,
    MessageStore,
    Misconfigured,
    Rejected,
    SessionStore,
    Sockets,
    Unavailable,
    Wakes,
    WatcherStore,
)
from chalicelib.services.ports.watching import Busy, SubscriptionStore
from chalicelib.services.sessions.moves import found
from chalicelib.services.threads import Threads
from chalicelib.services.watching.limits import WatcherLimits

PAGE: Final = 50
"""Events that are read at a time."""
AT_A_TIME: Final = 500
"""Events that one function sends for a subscription before it leaves the rest to a job: others wait for it."""
MARGIN: Final = 5_000
"""Milliseconds before the end of a claim in which nothing more is sent under it."""
AT_ONCE: Final = 16
"""Sessions that are subscribed to side by side."""

_log: Final = logging.getLogger(__name__)


class EventLog(Struct, frozen=True):
    """Reads a session's events, each with the message that it is about, as far as that is still there."""

    sessions: SessionStore
    history: HistoryStore
    messages: MessageStore

    def page(self, tenant: str, session_id: str, since: str | None, *, limit: int) -> tuple[list[Envelope], bool]:
        """Return up to ``limit`` events after the cursor ``since``, oldest first, and whether others follow.

        Raises SessionNotFound, and CursorGone where events after the cursor may be missing.
        """
        session = found(self.sessions.find(tenant, session_id), session_id)
        self.check(session.uid, since)
        events = self.history.since(session.uid, since, limit=limit)
        ids = sorted({named for envelope in events if (named := _message_of(envelope))})
        found_ones = {one.id: one for one in self.messages.many(session.uid, ids)} if ids else {}
        told = [replace(envelope, message=found_ones.get(_message_of(envelope) or "")) for envelope in events]
        return told, len(events) == limit

    def timeline(self, tenant: str, session_id: str, before: str | None, *, limit: int) -> tuple[list[Envelope], bool]:
        """Return up to ``limit`` events of the session itself, newest first, and whether others follow.

        They are older than the one at the cursor ``before``, which needn't be there any more. Raises SessionNotFound.
        """
        session = found(self.sessions.find(tenant, session_id), session_id)
        events = self.history.timeline(session.uid, before, limit=limit + 1)
        return events[:limit], len(events) > limit

    def told(self, envelope: Envelope) -> Envelope:
        """Return the event with its message, which is read if the event came without it."""
        named = None if envelope.message else _message_of(envelope)
        return replace(envelope, message=self.messages.get(envelope.uid, named)) if named else envelope

    def check(self, uid: str, since: str | None) -> None:
        """Raise CursorGone for a cursor whose event isn't there."""
        if since is not None and self.history.get(uid, since) is None:
            raise CursorGone(
                "There is no event with that cursor any more, so later ones may be missing, too.",
                field="since",
                hint="Begin anew, without a cursor.",
            )


def _message_of(envelope: Envelope) -> str | None:
    return envelope.data.get("message") if envelope.of_message else None


def _may_be_sent(subscription: Subscription, envelope: Envelope) -> bool:
    """Whether the subscription is to the event's own session, none of the same name before it, and nobody sends."""
    return subscription.uid == envelope.uid and not subscription.busy_until


Owed = Mapping[str, str | None]
"""By the cursor of the last event that was sent: the cursor of the next one that is to be, None if there is none."""


class Subscriptions(Struct, frozen=True):
    """Lets connections follow sessions, one by one or all of a tenant, and sends what they are owed."""

    sessions: SessionStore
    watchers: WatcherStore
    store: SubscriptionStore
    history: HistoryStore
    log: EventLog
    sockets: Sockets
    wakes: Wakes
    clock: Clock
    limits: WatcherLimits

    def connect(self, watcher_id: str, principal: Principal, *, dialect: str) -> None:
        """Let a connection in that follows no session yet; raises TooManyWatchers."""
        now = self.clock()
        ends = now + LIFETIME
        self.watchers.add(
            Watcher(
                id=watcher_id,
                tenant=principal.tenant,
                session="",
                dialect=dialect,
                principal=principal.listed_as,
                connected_at=now,
                expires_at=min(ends, principal.expires_at) if principal.expires_at else ends,
                codes=principal.may(Permission.LINKING_ACT),
                token=principal.token,
                only=principal.session,
                linking=principal.linking,
            )
        )
        try:
            self.limits.of_tenant(principal.tenant)
        except TooManyWatchers:
            self.watchers.remove(watcher_id)
            raise

    def hear(self, watcher: Watcher, text: str, words: Subscribing) -> None:
        """Do what a client's frame asks for, and answer; raises Gone."""
        try:
            asked = words.asked(text)
        except GatewayError as error:
            self._fail(watcher, words, error, None)
            return
        for name in asked.unsubscribe:
            self.store.remove(watcher.id, watcher.tenant, name)
            self.sockets.post(watcher.id, words.unsubscribed(name))
        if asked.subscribe:
            self._subscribe(watcher, words, asked.subscribe, asked.types)
        if asked.ping:
            self.sockets.post(watcher.id, words.pong())

    def _subscribe(
        self, watcher: Watcher, words: Subscribing, wanted: Mapping[str, str | None], types: tuple[str, ...]
    ) -> None:
        """Subscribe to the sessions side by side; one that is refused is no matter for the others."""

        def one(name: str) -> None:
            try:
                if name == ALL:
                    self._begin_all(watcher, words, types)
                else:
                    self._begin(watcher, words, name, wanted[name], types)
            except GatewayError as error:
                self._fail(watcher, words, error, name)
            except Unavailable:
                self._fail(watcher, words, NotReady("The gateway is busy.", hint="Try again.", retry_after=1), name)

        with Threads(min(AT_ONCE, len(wanted))) as pool:
            # Reading the results raises Gone.
            for _ in pool.map(one, wanted):
                pass

    def _begin(
        self, watcher: Watcher, words: Subscribing, name: str, since: str | None, types: tuple[str, ...]
    ) -> None:
        if watcher.only not in {None, name}:
            raise SessionNotFound(f"There is no session '{name}'.", field="subscribe")
        session = found(self.sessions.find(watcher.tenant, name), name)
        if watcher.linking:
            if watcher.linking != session.uid:
                raise SessionNotFound(f"There is no session '{name}'.", field="subscribe")
            # What happened before isn't the holder's, and how the session stands is told anyway.
            since = None
        self.log.check(session.uid, since)
        sent = (self.history.latest(session.uid) or "") if since is None else since
        subscription = subscribed(watcher, session, sent=sent, types=types, now=self.clock())
        self._put(subscription)
        # Under the claim, so that no event comes before it.
        self.sockets.post(watcher.id, words.subscribed(watcher.sees(session) or session, sent))
        if watcher.linking and linked(session):
            self._dismiss(watcher)
        else:
            self._drain(subscription, most=PAGE)

    def _begin_all(self, watcher: Watcher, words: Subscribing, types: tuple[str, ...]) -> None:
        if watcher.only is not None:
            raise Forbidden(
                f"This credential is for session '{watcher.only}' alone, and can't follow all of them.",
                field="subscribe",
                hint="Subscribe to that session.",
            )
        self._put(subscribed_to_all(watcher, types=types))
        # Last, so that a list that the client reads after the answer has whatever no event tells it.
        self.sockets.post(watcher.id, words.subscribed_to_all())

    def _put(self, subscription: Subscription) -> None:
        """Store the subscription; raises TooManyWatchers, and nothing is stored, if there are too many."""
        self.store.put(subscription)
        try:
            if subscription.linking:
                self.limits.of_holders(subscription.tenant, subscription.session)
            self.limits.of_session(subscription.tenant, subscription.session)
            self._few(subscription)
        except TooManyWatchers:
            self.store.remove(subscription.id, subscription.tenant, subscription.session)
            raise

    def _few(self, watcher: Watcher) -> None:
        if len(self.store.sessions(watcher.id)) > MOST_SUBSCRIPTIONS:
            raise TooManyWatchers(
                f"One connection may follow {MOST_SUBSCRIPTIONS} sessions.", hint="Open another one for the rest."
            )

    def _fail(self, watcher: Watcher, words: Subscribing, error: GatewayError, session_id: str | None) -> None:
        if error.field in {"id", "since"}:
            error.field = "subscribe"
        self.sockets.post(watcher.id, words.failed(error, session_id=session_id, now=self.clock()))

    def tell(self, watcher: Watcher, envelope: Envelope, session: Session | None, owed: Owed) -> Watcher | None:
        """Send the connection what its subscription owes it by now, the event too.

        ``session`` is as it stands, needed for a code alone; ``owed`` is what ``owed`` returned for the event. The last
        event of all is in no history, and is sent by itself; to those who follow all sessions, each event is. Returns
        how the subscription stands afterwards, None where that isn't known.
        """
        if watcher.session == ALL:
            self._report(watcher, envelope)
            return watcher
        if envelope.type == DELETED:
            self._part(watcher, envelope)
            return None
        if isinstance(watcher, Subscription) and _may_be_sent(watcher, envelope) and watcher.sent in owed:
            if owed[watcher.sent] is None:
                return watcher
            if owed[watcher.sent] == envelope.cursor:
                return self._hand_over(watcher, envelope, session)
        self.catch_up(watcher.id, envelope.tenant, envelope.session)
        return None

    def owed(self, envelope: Envelope, followers: Sequence[Watcher]) -> Owed:
        """Return what those of the followers are owed first for whom nobody is sending; most are owed the same.

        Where history can't be read, other than for a moment, that is nobody's: each is then sent what it is owed by
        itself, or not, and the event's other watchers and its webhook are told. Raises Unavailable and Misconfigured.
        """
        places = {one.sent for one in followers if isinstance(one, Subscription) and _may_be_sent(one, envelope)}
        try:
            return {sent: self._first_owed(envelope.uid, sent) for sent in places}
        except (Unavailable, Misconfigured):
            raise
        except Exception:  # noqa: BLE001 - whatever it is that lies there, it is the subscriptions' affair alone
            _log.exception("what subscriptions are owed can't be read", extra={"uid": envelope.uid})
            return {}

    def _first_owed(self, uid: str, sent: str) -> str | None:
        events = self.history.since(uid, sent or None, limit=PAGE)
        first = next((one.cursor for one in events if one.type not in UNTOLD), None)
        # Others may follow a whole page of what nobody is told.
        return first or (events[-1].cursor if len(events) == PAGE else None)

    def _hand_over(
        self, subscription: Subscription, envelope: Envelope, session: Session | None
    ) -> Subscription | None:
        """Send the event, which is owed next, and note that; one that can't be sent now is left to a job."""
        wanted = subscription.wants(envelope.type)
        if not wanted or self._tell(subscription, envelope, session, self.clock()):
            noted = self.store.advance(subscription, envelope.cursor)
            return replace(subscription, sent=envelope.cursor) if noted else None
        if self.watchers.get(subscription.id):
            self.wakes.catch_up(subscription.id, subscription.tenant, subscription.session, delay=1)
        return None

    def catch_up(self, watcher_id: str, tenant: str, session_id: str) -> None:
        """Send the connection what its subscription owes it; nothing if another function is at that."""
        try:
            subscription = self.store.claim(watcher_id, tenant, session_id, now=self.clock())
        except Busy as busy:
            # The other one will look once more, unless it has died.
            if busy.first:
                self.wakes.catch_up(watcher_id, tenant, session_id, delay=DRAINING / 1000)
            return
        if subscription:
            self._drain(subscription, most=AT_A_TIME)

    def _report(self, watcher: Watcher, envelope: Envelope) -> None:
        """Send the event, without the code that it may be about, to a connection that follows all sessions.

        A connection that can't be sent it is forgotten and closed.
        """
        if not isinstance(watcher, Subscription) or not watcher.wants(envelope.type):
            return
        sayings = frames_in(watcher.dialect).event(envelope, None, self.clock())
        if not all(self._posted(watcher, frame) for saying in sayings for frame in saying.frames):
            self._end(watcher)
            self.sockets.close(watcher.id)

    def _part(self, watcher: Watcher, envelope: Envelope) -> None:
        """Say that the session is gone, and forget the subscription to it."""
        for saying in frames_in(watcher.dialect).event(envelope, None, self.clock()):
            for frame in saying.frames:
                self._posted(watcher, frame)
        self.store.remove(watcher.id, envelope.tenant, envelope.session)
        if watcher.linking:
            self._dismiss(watcher)

    def _drain(self, subscription: Subscription, *, most: int) -> None:
        """Send all that is owed, in order, and give the claim back; what is too much for now is left to a job."""
        told = 0
        while True:
            events = self.history.since(subscription.uid, subscription.sent or None, limit=PAGE)
            subscription, through = self._sent(subscription, events)
            told += len(events)
            if through and len(events) < PAGE:
                if self.store.give_back(subscription):
                    return
            elif through and told < most:
                if not self.store.progress(subscription):
                    return
            else:
                self.store.give_back(subscription)
                if self.watchers.get(subscription.id):
                    self.wakes.catch_up(
                        subscription.id, subscription.tenant, subscription.session, delay=0 if through else 1
                    )
                return

    def _sent(self, subscription: Subscription, events: Sequence[Envelope]) -> tuple[Subscription, bool]:
        """Send the events; return the subscription behind the last one that was sent, and whether that was the last."""
        for envelope in events:
            now = self.clock()
            if now > subscription.busy_until - MARGIN:
                return subscription, False
            if subscription.wants(envelope.type):
                session = self.sessions.get(envelope.uid) if envelope.type == QRShown.type else None
                if not self._tell(subscription, envelope, session, now):
                    return subscription, False
            subscription = replace(subscription, sent=envelope.cursor)
        return subscription, True

    def _tell(self, subscription: Subscription, envelope: Envelope, session: Session | None, now: int) -> bool:
        seen = session if subscription.codes else None
        sayings = frames_in(subscription.dialect).event(self.log.told(envelope), seen, now)
        told = all(self._posted(subscription, frame) for saying in sayings for frame in saying.frames)
        if told and subscription.ends_with(envelope.type):
            self._dismiss(subscription)
            return False
        return told

    def _posted(self, watcher: Watcher, frame: str) -> bool:
        """Send one frame; False if it has to be sent later, or the connection is gone."""
        now = self.clock()
        if watcher.expires_at <= now:
            self._end(watcher)
            self.sockets.close(watcher.id)
            return False
        try:
            self.sockets.post(watcher.id, frame)
        except Gone:
            # API Gateway answers 410 for a moment before a connection is ready, too.
            if now - watcher.connected_at >= SETTLING:
                self._end(watcher)
            return False
        except Unavailable:
            _log.warning("a watcher couldn't be told", extra={"watcher": watcher.id})
            return False
        except Rejected:
            # Sending the frame again would fail again: this event is skipped, and the next ones are sent.
            _log.exception("a frame was refused", extra={"watcher": watcher.id})
        return True

    def _dismiss(self, watcher: Watcher) -> None:
        """End a connection that has been told all that it was let in for."""
        self._end(watcher)
        with suppress(Gone, Unavailable):
            self.sockets.close(watcher.id)

    def _end(self, watcher: Watcher) -> None:
        """Forget the connection with all that it follows, and what it follows here though it is forgotten already."""
        self.watchers.remove(watcher.id)
        self.store.remove(watcher.id, watcher.tenant, watcher.session)
