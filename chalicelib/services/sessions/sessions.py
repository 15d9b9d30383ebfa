"""The owner's side of sessions: which one a caller means; create, get, list, start, stop, unlink, delete."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct

from chalicelib.domain.errors import (
    InvalidField,
    PhoneMismatch,
    QRNotReady,
    ResultGone,
    SessionExists,
    SessionNotFound,
    SessionQuotaExceeded,
    SessionStopped,
)
from chalicelib.domain.events import (
    CREATED,
    DeleteRequested,
    LinkEvent,
    RestartRequested,
    SettingsChanged,
    StartRequested,
    StopRequested,
    UnlinkRequested,
)
from chalicelib.domain.phone import digits_in, is_same_number
from chalicelib.domain.proxy import Proxy
from chalicelib.domain.session import ID, LINKING_LAPSED, Desired, LastEvent, QRCode, Session, Status
from chalicelib.domain.transitions import advance
from chalicelib.services.messages.outbox import ring
from chalicelib.services.messages.unsent import Unsent
from chalicelib.services.ports import Clock, Mailboxes, NewId, NewSecret, SessionStore
from chalicelib.services.reservations import Reservation
from chalicelib.services.sessions.moves import (
    Moves,
    deleting,
    found,
    must_be_enabled,
    must_be_unlinked,
    why_no_code,
)
from chalicelib.services.sessions.running import Running
from chalicelib.services.waiting import Waiting

PAGE: Final = 100
LOOKED_THROUGH: Final = 1_000
"""Sessions of a tenant that are looked through for a phone number: there is no index of them."""


def is_called(session: Session, name: str) -> bool:
    """Whether ``name`` is the session's id, its account's phone number, or the number that it was created for."""
    digits = digits_in(name)
    numbers = (session.id, session.phone, session.device.phone if session.device else None)
    return name == session.id or (
        digits is not None and any(number is not None and is_same_number(digits, number) for number in numbers)
    )


def is_linked_by(session: Session, number: str) -> bool:
    """Whether the account of ``number`` (digits) is the one that is linked."""
    return session.device is not None and is_same_number(number, session.device.phone)


class Naming(Struct, frozen=True):
    """Finds a tenant's session by its id or a phone number."""

    sessions: SessionStore

    def find(self, tenant: str, name: str, *, alone: str | None) -> Session:
        """Return the session of that id, else of that phone number: of several, one that is connected.

        ``alone`` is the id of the one session that the caller may reach, if there is only one. Raises SessionNotFound,
        and PhoneMismatch for a number that isn't the one of the account that is linked.
        """
        found = self._find(tenant, name, alone=alone)
        return found if name == found.id else _by_its_number(found, name)

    def find_by_phone(self, tenant: str, name: str, *, alone: str | None) -> Session:
        """Return the session like ``find``, but never by its id alone where ``name`` is written as a phone number.

        A session may have a number as its id, and another account linked.
        """
        found, number = self._find(tenant, name, alone=alone), digits_in(name)
        if number and alone is None and found.device and not is_linked_by(found, number):
            found = self._by_phone(tenant, name) or found
        return _by_its_number(found, name)

    def _find(self, tenant: str, name: str, *, alone: str | None) -> Session:
        if alone is not None:
            found = self.sessions.find(tenant, alone)
            found = found if found and is_called(found, name) else None
        else:
            found = self._by_id(tenant, name) or self._by_phone(tenant, name)
        if found is None:
            raise SessionNotFound(
                f"There is no session '{name}'.", field="session_id", hint="Name it by its id, or by its phone number."
            )
        return found

    def _by_id(self, tenant: str, name: str) -> Session | None:
        for one in dict.fromkeys([name, digits_in(name)]):
            found = self.sessions.find(tenant, one) if one and ID.fullmatch(one) else None
            if found:
                return found
        return None

    def _by_phone(self, tenant: str, name: str) -> Session | None:
        number = digits_in(name)
        if number is None:
            return None
        called: list[Session] = []
        after: str | None = None
        for _ in range(LOOKED_THROUGH // PAGE):
            page, after = self.sessions.page(tenant, limit=PAGE, after=after)
            called += [session for session in page if is_called(session, name)]
            if after is None:
                break
        return max(called, key=lambda one: (is_linked_by(one, number), one.status is Status.CONNECTED), default=None)


def _by_its_number(session: Session, name: str) -> Session:
    number = digits_in(name)
    if number is None or session.device is None or is_linked_by(session, number):
        return session
    raise PhoneMismatch(
        f"The session '{session.id}' isn't linked to +{number} but to +{session.device.phone}: "
        "nothing is sent by the wrong number.",
        field="phone",
        hint="Name it by its id or by the number that is linked, or log it out and link the right phone.",
        session=session,
    )


class Deletion(Struct, frozen=True):
    """A deletion's outcome: ``gone``, or still going on; ``reason`` is a code that its owner must know of."""

    gone: bool
    reason: str | None = None


class Sessions(Struct, frozen=True):
    """The owner's operations. Every method with a session's id raises SessionNotFound, also for another tenant's."""

    store: SessionStore
    moves: Moves
    waiting: Waiting
    clock: Clock
    new_id: NewId
    new_secret: NewSecret
    unsent: Unsent
    running: Running
    mailboxes: Mailboxes
    most: int
    """Sessions that a tenant may have; 0: no limit."""

    def create(
        self,
        tenant: str,
        *,
        session_id: str | None,
        phone: str | None,
        name: str,
        webhook_url: str | None,
        enabled: bool,
        start: bool,
        require_phone_match: bool = False,
        webhook_events: tuple[str, ...] = (),
        webhook_types: tuple[str, ...] = (),
        proxy: Proxy | None = None,
        metadata: Mapping[str, str] | None = None,
        made: Reservation | None = None,
    ) -> Session:
        """Create a session, wanted running at once if ``start``; without an id it gets a generated one.

        What its webhook is told of is as on Session, everything if it is empty.

        The session that ``made`` stands for is returned as it stands. Raises SessionExists (``session`` is
        the one that stands), SessionDeleting, ResultGone, and SessionQuotaExceeded or WorkerQuotaExceeded.
        """
        if made and made.made:
            return self._made(tenant, made)
        now, uid = self.clock(), made.id if made else self.new_id()
        session = Session(
            tenant=tenant,
            id=session_id or uid.lower(),
            uid=uid,
            created_at=now,
            name=name,
            phone=phone,
            webhook_url=webhook_url,
            webhook_secret=self.new_secret() if webhook_url else None,
            webhook_events=webhook_events or None,
            webhook_types=webhook_types or None,
            enabled=enabled,
            require_phone_match=require_phone_match,
            proxy=proxy,
            metadata=metadata or {},
            since=now,
            last_event=LastEvent(self.new_id(), CREATED, now, {"status": str(Status.CREATED)}),
        )
        if start:
            wanted = advance(session, StartRequested(), now=now, event_id=self.new_id())
            session = replace(wanted, version=0)
        stands = self._stored(session)
        if stands.status is Status.DELETING:
            raise deleting(stands)
        if stands.uid == uid:
            return stands
        raise SessionExists(f"There is a session '{stands.id}' already.", field="id", session=stands)

    def get(self, tenant: str, session_id: str) -> Session:
        """Return the tenant's session of that id."""
        return found(self.store.find(tenant, session_id), session_id)

    def page(self, tenant: str, *, limit: int, after: str | None) -> tuple[list[Session], str | None]:
        """Return up to ``limit`` of the tenant's sessions in the order of their ids, and where the next page starts."""
        return self.store.page(tenant, limit=limit, after=after)

    def change(
        self,
        tenant: str,
        session_id: str,
        *,
        name: str | None = None,
        enabled: bool | None = None,
        webhook_url: str | None = None,
        webhook_events: tuple[str, ...] | None = None,
        webhook_types: tuple[str, ...] | None = None,
        require_phone_match: bool | None = None,
        proxy: Proxy | None = None,
        direct: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> tuple[Session, bool]:
        """Change the settings that are given; return the session, and whether anything had to be changed.

        An empty webhook address removes it, a new one gets a new secret; one that was disabled is enabled again. What
        the webhook is told of is in the native words, everything if it is empty. What waits to be sent is ended where
        the session is switched off. A worker reconnects by a new ``proxy``, or by none where ``direct`` removes it.
        ``metadata`` takes the place of all that there was. Raises InvalidField where a phone is to match and the
        session was created for none, and where a webhook that isn't there is to be told of less.
        """
        secret = self.new_secret() if webhook_url else None
        change = SettingsChanged(
            name=name,
            enabled=enabled,
            webhook_url=webhook_url,
            webhook_secret=secret,
            webhook_events=webhook_events,
            webhook_types=webhook_types,
            require_phone_match=require_phone_match,
            proxy=proxy,
            direct=direct,
            metadata=metadata,
        )

        filtered = webhook_events is not None or webhook_types is not None

        def so(stands: Session) -> bool:
            if require_phone_match and stands.phone is None:
                raise InvalidField(
                    "'require_phone_match' needs a session that was created for a phone number.",
                    field="require_phone_match",
                )
            if filtered and webhook_url is None and not stands.webhook_url:
                raise InvalidField("'webhook.url' is missing: there is no webhook yet.", field="webhook.url")
            return (
                require_phone_match in {None, stands.require_phone_match}
                and name in {None, stands.name}
                and enabled in {None, stands.enabled}
                and webhook_url in {None, stands.webhook_url or ""}
                and (webhook_url is None or stands.webhook_disabled_at is None)
                and not (filtered and stands.webhook_format)
                and webhook_events in {None, stands.webhook_events or ()}
                and webhook_types in {None, stands.webhook_types or ()}
                and proxy in {None, stands.proxy}
                and not (direct and stands.proxy)
                and (metadata is None or metadata == stands.metadata)
            )

        session, changed = self._wanted(tenant, session_id, change, unless=so)
        if enabled is False:
            # Before the answer, so that nothing that waits goes out after it. Again where it was off: what the first
            # call was cut short in is done by the second.
            self.unsent.end(session)
        if changed and (proxy or direct):
            ring(self.mailboxes, session)
        return session, changed

    def set_webhook(
        self,
        tenant: str,
        session_id: str,
        url: str,
        *,
        words: str,
        events: tuple[str, ...] | None,
        key: str | None,
        gateway: str | None = None,
    ) -> Session:
        """Set an endpoint that gets events in the ``words`` of a dialect; the other parameters are as on Session."""
        change = SettingsChanged(
            webhook_url=url,
            webhook_secret=self.new_secret(),
            webhook_format=words,
            webhook_events=events,
            webhook_key=key,
            webhook_gateway=gateway,
        )

        def so(stands: Session) -> bool:
            kept = (stands.webhook_url, stands.webhook_format, stands.webhook_events, stands.webhook_key)
            same = kept == (url, words, events, key) and gateway in {None, stands.webhook_gateway}
            return same and stands.webhook_disabled_at is None

        return self._want(tenant, session_id, change, unless=so)

    def start(self, tenant: str, session_id: str) -> Session:
        """Have the session run. A start that is under way or done is left alone; after a final status it is a new one.

        Raises SessionDisabled, also for a session that runs: it sends nothing while it is switched off, and a caller
        that was told otherwise would take it for ready. Raises WorkerQuotaExceeded.
        """

        def runs(session: Session) -> bool:
            must_be_enabled(session)
            if session.desired is Desired.RUNNING and not session.answered:
                return True
            self.running.take(tenant, session.uid)
            return False

        return self._want(tenant, session_id, StartRequested(), unless=runs)

    def link_again(self, tenant: str, session_id: str) -> Session:
        """Have a session show codes anew whose linking came to nothing; one whose linking goes on is left alone.

        It is for whoever holds the phone: a session that its owner stopped, or that failed, stays at rest. Raises
        AlreadyLinked, SessionStopped, SessionFailed, SessionDisabled and WorkerQuotaExceeded.
        """

        def goes_on(session: Session) -> bool:
            must_be_enabled(session)
            must_be_unlinked(session)
            if session.desired is Desired.RUNNING and not session.answered:
                return True
            if session.reason not in LINKING_LAPSED:
                raise why_no_code(session) or SessionStopped("The session isn't running.", session=session)
            self.running.take(tenant, session.uid)
            return False

        return self._want(tenant, session_id, StartRequested(), unless=goes_on)

    def restart(self, tenant: str, session_id: str) -> Session:
        """Want it running over a new connection: one that runs is reconnected, by its worker; one that doesn't starts.

        Each call is a restart of its own. Raises SessionDisabled and WorkerQuotaExceeded.
        """

        def never(session: Session) -> bool:
            must_be_enabled(session)
            if session.desired is not Desired.RUNNING or session.answered:
                self.running.take(tenant, session.uid)
            return False

        wanted = self._want(tenant, session_id, RestartRequested(), unless=never)
        ring(self.mailboxes, wanted)
        return wanted

    def stop(self, tenant: str, session_id: str) -> Session:
        """Have the session stopped, its linked device kept; wait up to 8 s for the worker to have ended."""
        wanted = self._want(tenant, session_id, StopRequested(), unless=lambda s: s.desired is Desired.STOPPED)
        return self.waiting.until_answered(wanted)

    def unlink(self, tenant: str, session_id: str) -> Session:
        """Have the device unlinked, the session kept; wait up to 8 s for that to have happened."""
        wanted = self._want(tenant, session_id, UnlinkRequested(), unless=lambda s: s.desired is Desired.UNLINKED)
        return self.waiting.until_answered(wanted)

    def delete(self, tenant: str, session_id: str) -> Deletion:
        """Have the session deleted; wait up to 8 s. The deletion goes on after that without the caller."""
        wanted = self._want(
            tenant, session_id, DeleteRequested(), unless=lambda s: s.desired is Desired.DELETED, doomed=True
        )
        if not self.waiting.until_gone(wanted):
            return Deletion(gone=False)
        # A session that never had a worker, or no device, has nothing that could be left on a phone.
        return Deletion(gone=True, reason=self.store.removed(wanted.uid) if wanted.epoch else None)

    def code(self, tenant: str, session_id: str, *, wait: float) -> tuple[Session, QRCode]:
        """Return a code that can be scanned, waiting ``wait`` seconds for one at the most.

        Raises AlreadyConnected, PasskeyRequired, SessionStopped, SessionFailed or SessionDeleting where none will
        come, and QRNotReady where none came in time.
        """
        session = self.await_code(tenant, session_id, wait=wait)
        code = session.code_at(self.clock())
        if code:
            return session, code
        raise why_no_code(session) or QRNotReady("There is no QR code yet. Ask again.", retry_after=2, session=session)

    def await_code(self, tenant: str, session_id: str, *, wait: float) -> Session:
        """Return the session once it has a code or can't get one, or as it stands after ``wait`` seconds."""

        def done(stands: Session | None) -> bool:
            return stands is None or stands.code_at(self.clock()) is not None or why_no_code(stands) is not None

        session = self.get(tenant, session_id)
        return found(self.waiting.until_coded(session, done, seconds=wait), session_id)

    def _stored(self, session: Session) -> Session:
        """Create it, with a slot if it is to run; what isn't created holds none."""
        if session.desired is not Desired.RUNNING:
            return self.store.create(session, most=self.most)
        standing = self.store.find(session.tenant, session.id)
        if standing:
            return standing
        self.running.take(session.tenant, session.uid)
        try:
            stands = self.store.create(session, most=self.most)
        except SessionQuotaExceeded:
            self.running.give_back(session)
            raise
        if stands.uid != session.uid:
            self.running.give_back(session)
        return stands

    def _made(self, tenant: str, made: Reservation) -> Session:
        stands = self.store.get(made.id)
        if stands is None or stands.tenant != tenant:
            raise ResultGone("The session that was created with this Idempotency-Key has been deleted since.")
        if stands.status is Status.DELETING:
            raise deleting(stands)
        return stands

    def _want(
        self,
        tenant: str,
        session_id: str,
        request: LinkEvent,
        *,
        unless: Callable[[Session], bool],
        doomed: bool = False,
    ) -> Session:
        return self._wanted(tenant, session_id, request, unless=unless, doomed=doomed)[0]

    def _wanted(
        self,
        tenant: str,
        session_id: str,
        request: LinkEvent,
        *,
        unless: Callable[[Session], bool],
        doomed: bool = False,
    ) -> tuple[Session, bool]:
        def decide(session: Session) -> LinkEvent | None:
            if session.status is Status.DELETING and not doomed:
                raise deleting(session)
            return None if unless(session) else request

        session, moved = self.moves.move(lambda: self.store.find(tenant, session_id), decide)
        return found(session, session_id), moved
