"""The session's life: which event leads from which status to which, as one table, and the one function that applies it.

No other module assigns a status. The diagram in docs/states.md is made from ``NEXT``.
"""

from dataclasses import replace
from typing import Any, Final

from chalicelib.domain import events as e
from chalicelib.domain.errors import IllegalMove
from chalicelib.domain.session import (
    BAN_CAUSES,
    MATTERS_OF_COURSE,
    Desired,
    LastEvent,
    LastReason,
    PasskeyDemand,
    PasskeyStep,
    Reason,
    Session,
    Status,
    sentence,
)
from chalicelib.domain.session import Status as S

MAX_ROUNDS: Final = 3
"""Scan rounds (of six codes each) before a start that nobody scans ends."""

DEADLINES: Final[dict[Status, int]] = {
    S.STARTING: 120_000,
    S.SCAN_QR: 30_000,  # counted from the code's expiry: the client rotates by itself before that
    S.PAIRING: 60_000,
    S.PASSKEY_REQUIRED: 150_000,  # counted from the end of the step: the phone may take two minutes after it
    S.DISCONNECTED: 600_000,
    S.DELETING: 300_000,
}
"""Milliseconds that a transitional status may last; past that the reconciler acts."""

TYPED: Final = 60_000
"""Milliseconds from the end of a pairing code within which a phone may still answer that typed it in time."""

ENDING: Final = 120_000
"""Milliseconds that a live session may take to end as its owner asked; past that the reconciler acts."""

FINAL: Final = frozenset({S.LOGGED_OUT, S.STOPPED, S.FAILED, S.PASSKEY_REQUIRED})
"""Statuses that answer what the owner asked; ``PASSKEY_REQUIRED`` only where no worker waits for the passkey."""

_WORKING = (S.STARTING, S.SCAN_QR, S.PAIRING, S.CONNECTED, S.DISCONNECTED)
_RESTING = (S.CREATED, S.LOGGED_OUT, S.STOPPED, S.FAILED, S.PASSKEY_REQUIRED)

_SETTINGS = (e.SettingsChanged, e.WebhookFailing, e.WebhookRecovered, e.WebhookDisabled)

NEXT: Final[dict[tuple[Status, type[e.LinkEvent]], Status]] = {
    **{(s, request): s for s in (*_WORKING, *_RESTING) for request in e.OWNER_EVENTS},
    **{(s, e.DeleteRequested): S.DELETING for s in (*_WORKING, *_RESTING)},
    **{(s, aside): s for s in (*_WORKING, *_RESTING) for aside in (*e.TENANT_EVENTS, *_SETTINGS)},
    **{(s, e.WorkerClaimed): S.STARTING for s in (*_WORKING, *_RESTING)},
    **{(s, e.Stopped): S.STOPPED for s in (*_WORKING, *_RESTING)},
    **{(s, e.Unlinked): S.LOGGED_OUT for s in (*_WORKING, *_RESTING)},
    **{(s, e.ClientOutdated): S.FAILED for s in _WORKING},
    **{(s, e.TemporaryBan): S.FAILED for s in _WORKING},
    **{(s, e.RegistrationRefused): S.FAILED for s in (S.STARTING, S.SCAN_QR)},
    **{(s, e.AccountRefused): S.FAILED for s in _WORKING},
    **{(s, e.StreamReplaced): S.STOPPED for s in (S.STARTING, S.PAIRING, S.CONNECTED, S.DISCONNECTED)},
    **{(s, e.LoggedOut): S.LOGGED_OUT for s in (S.STARTING, S.PAIRING, S.CONNECTED, S.DISCONNECTED)},
    **{(s, e.Connected): S.CONNECTED for s in (S.STARTING, S.PAIRING, S.DISCONNECTED)},
    **{(s, e.Restarted): S.STARTING for s in _WORKING},
    (S.STARTING, e.Launched): S.STARTING,
    (S.STARTING, e.LaunchRefused): S.STARTING,
    (S.STARTING, e.GaveUp): S.FAILED,
    (S.STARTING, e.QRShown): S.SCAN_QR,
    (S.STARTING, e.ConnectFailure): S.STARTING,
    (S.SCAN_QR, e.QRShown): S.SCAN_QR,
    (S.SCAN_QR, e.PairSuccess): S.PAIRING,
    (S.SCAN_QR, e.PairError): S.STARTING,
    (S.SCAN_QR, e.ScanRoundEnded): S.STARTING,
    (S.SCAN_QR, e.QRTimeout): S.STOPPED,
    (S.SCAN_QR, e.PairingCodeTaken): S.SCAN_QR,
    (S.SCAN_QR, e.PairingCodeLapsed): S.SCAN_QR,
    (S.SCAN_QR, e.PasskeyRequested): S.PASSKEY_REQUIRED,
    (S.PAIRING, e.PairError): S.STARTING,
    (S.PAIRING, e.PasskeyRequested): S.PASSKEY_REQUIRED,
    (S.PASSKEY_REQUIRED, e.PasskeyRequested): S.PASSKEY_REQUIRED,
    (S.PASSKEY_REQUIRED, e.PasskeyAnswered): S.PASSKEY_REQUIRED,
    (S.PASSKEY_REQUIRED, e.PasskeyConfirmationRequested): S.PASSKEY_REQUIRED,
    (S.PASSKEY_REQUIRED, e.PasskeyLapsed): S.STOPPED,
    (S.PASSKEY_REQUIRED, e.PasskeyRefused): S.FAILED,
    (S.PASSKEY_REQUIRED, e.PairSuccess): S.PAIRING,
    (S.PASSKEY_REQUIRED, e.PairError): S.STARTING,
    (S.PASSKEY_REQUIRED, e.Restarted): S.STARTING,
    (S.CONNECTED, e.Disconnected): S.DISCONNECTED,
    (S.DISCONNECTED, e.ConnectFailure): S.DISCONNECTED,
    (S.DELETING, e.WorkerClaimed): S.DELETING,
    (S.DELETING, e.Launched): S.DELETING,
    (S.DELETING, e.LaunchRefused): S.DELETING,
    (S.DELETING, e.Erased): S.DELETING,
}
"""Every legal move. An event without a row, mostly a late report of a worker, doesn't move a session."""

ASIDE: Final = (*e.OWNER_EVENTS, *e.TENANT_EVENTS, *_SETTINGS)
"""Events that don't tell of the observed status, and so change none."""

_DESIRED: Final[dict[type[e.LinkEvent], Desired]] = {
    e.StartRequested: Desired.RUNNING,
    e.RestartRequested: Desired.RUNNING,
    e.StopRequested: Desired.STOPPED,
    e.UnlinkRequested: Desired.UNLINKED,
    e.DeleteRequested: Desired.DELETED,
}


def scan_ended(session: Session) -> e.LinkEvent:
    """Return what the end of a scan round means for ``session``: another round, or the end of the start."""
    return e.ScanRoundEnded() if session.round < MAX_ROUNDS else e.QRTimeout()


def advance(session: Session, event: e.LinkEvent, *, now: int, event_id: str) -> Session:
    """Return ``session`` as ``event`` leaves it, one version on, with the event in ``last_event``.

    Raises IllegalMove if the table has no row for it.
    """
    try:
        status = NEXT[session.status, type(event)]
    except KeyError:
        raise IllegalMove(f"{type(event).__name__} in {session.status}") from None
    after = _carry(session, event, now)
    reason = _reason(session, event)
    after = replace(
        after,
        status=status,
        version=session.version + 1,
        since=session.since if status is session.status else now,
        reason=reason,
        message=_message(event, session, reason),
        until=_until(event, session),
        last_reason=_last_reason(session, reason, now),
        qr=after.qr if status is S.SCAN_QR else None,
        pairing_code=after.pairing_code if status is S.SCAN_QR else None,
        passkey=after.passkey if status is S.PASSKEY_REQUIRED else None,
        next_at=_next_at(event, after),
    )
    after = replace(after, deadline=_deadline(after), observed_generation=_observed(after, event))
    return replace(after, last_event=LastEvent(event_id, event.type, now, _data(after, event)))


def _carry(session: Session, event: e.LinkEvent, now: int) -> Session:  # noqa: C901, PLR0912 - one case an event
    """What the event itself says, put on the session."""
    match event:
        case _ if isinstance(event, e.OWNER_EVENTS):
            return replace(
                session,
                desired=_DESIRED[type(event)],
                generation=session.generation + 1,
                requested_at=now,
                round=0,
                attempts=0,
                restarts=session.restarts + isinstance(event, e.RestartRequested),
                resumes=session.suspended and isinstance(event, (e.StartRequested, e.RestartRequested)),
            )
        case e.TenantDisabled() | e.TenantEnabled():
            return _suspended(session, disabled=isinstance(event, e.TenantDisabled), now=now)
        case e.WorkerClaimed(worker=worker, mailbox=mailbox, standby=standby, task=task):
            # A phone that unlinked gets one fresh round by itself, an owner's start gets them all.
            spent = MAX_ROUNDS - 1 if session.status is S.LOGGED_OUT and session.round else 0
            return replace(
                session,
                epoch=session.epoch + 1,
                worker=worker,
                mailbox=mailbox,
                task=task,
                standby=standby,
                claimed_at=now,
                launches=1,
                refusals=0,
                on_demand=False,
                attempts=session.attempts + 1,
                round=max(session.round, spent),
                erased=False,
            )
        case e.LaunchRefused(on_demand=on_demand):
            return replace(session, refusals=session.refusals + 1, on_demand=session.on_demand or on_demand)
        case e.Launched() if session.next_at:
            # It was refused before: only now somebody is on the way, and gets all the time for it.
            return replace(session, claimed_at=now)
        case e.Launched():
            return replace(session, launches=session.launches + 1)
        case e.QRShown(qr=qr):
            begun = session.status is S.STARTING
            return replace(session, qr=qr, attempts=0, round=session.round + begun, device=None, connected_at=None)
        case e.PairingCodeTaken(pairing_code=pairing_code):
            return replace(session, pairing_code=pairing_code)
        case e.PairingCodeLapsed():
            return replace(session, pairing_code=None)
        case e.PasskeyRequested(passkey=passkey):
            return replace(session, passkey=passkey)
        case e.PasskeyAnswered() | e.PasskeyConfirmationRequested() if session.passkey:
            return replace(session, passkey=_further(session.passkey, event))
        case e.PairSuccess(device=device):
            return replace(session, device=device, attempts=0)
        case e.Connected(device=device):
            first = session.connected_at is None
            linked_at = now if first else session.linked_at
            return replace(session, device=device, attempts=0, round=1, connected_at=now, linked_at=linked_at)
        case e.AccountRefused():
            return replace(session, device=None, connected_at=None)
        case e.LoggedOut() | e.Unlinked() | e.Erased():
            erased = session.erased or isinstance(event, e.Erased)
            return replace(session, device=None, connected_at=None, erased=erased)
        case e.SettingsChanged():
            return _changed(session, event)
        case e.WebhookDisabled(failure=failure):
            return replace(session, webhook_disabled_at=now, webhook_failure=failure)
        case e.WebhookFailing(failure=failure):
            return replace(session, webhook_failure=failure)
        case e.WebhookRecovered() if session.webhook_failure:
            return replace(session, webhook_failure=replace(session.webhook_failure, recovered_at=now))
        case _:
            return session


def _further(passkey: PasskeyDemand, event: e.PasskeyAnswered | e.PasskeyConfirmationRequested) -> PasskeyDemand:
    """Return the demand one step on: what was signed needn't be kept."""
    code = event.code if isinstance(event, e.PasskeyConfirmationRequested) else None
    step = PasskeyStep.CONFIRM if code else PasskeyStep.PHONE
    return replace(passkey, options="", expires_at=event.expires_at, step=step, code=code)


def _suspended(session: Session, *, disabled: bool, now: int) -> Session:
    """Have a session that runs stopped while its tenant is disabled, and started afterwards; others stay at rest."""
    runs = session.desired is Desired.RUNNING and not session.answered
    after = replace(session, suspended=disabled, resumes=disabled and (runs or session.resumes))
    if not (runs if disabled else session.resumes):
        return after
    return replace(
        after,
        desired=Desired.STOPPED if disabled else Desired.RUNNING,
        generation=session.generation + 1,
        requested_at=now,
        round=0,
        attempts=0,
    )


def _changed(session: Session, event: e.SettingsChanged) -> Session:
    after = replace(
        session,
        name=session.name if event.name is None else event.name,
        enabled=session.enabled if event.enabled is None else event.enabled,
        require_phone_match=(
            session.require_phone_match if event.require_phone_match is None else event.require_phone_match
        ),
    )
    proxy = None if event.direct else event.proxy or session.proxy
    if proxy != session.proxy:
        after = replace(after, proxy=proxy, restarts=session.restarts + 1)
    if event.metadata is not None:
        after = replace(after, metadata=event.metadata)
    return _webhook_changed(after, event)


def _webhook_changed(session: Session, event: e.SettingsChanged) -> Session:
    filtered = event.webhook_events is not None or event.webhook_types is not None
    if event.webhook_url is None and not filtered:
        return session
    url = (session.webhook_url or "") if event.webhook_url is None else event.webhook_url
    same = url == (session.webhook_url or "")
    after = session
    if event.webhook_url is not None:
        # What is under way to the endpoint as it was set before can't disable it as it is set now.
        generation = session.webhook_generation + 1
        after = replace(after, webhook_disabled_at=None, webhook_failure=None, webhook_generation=generation)
    if same and event.webhook_format is None and not filtered:
        return after
    events, types = _wanted_of(session, event) if url else (None, None)
    return replace(
        after,
        webhook_url=url or None,
        webhook_secret=session.webhook_secret if same else event.webhook_secret if url else None,
        webhook_format=event.webhook_format,
        webhook_events=events,
        webhook_types=types,
        webhook_key=event.webhook_key,
        webhook_gateway=event.webhook_gateway,
    )


def _wanted_of(session: Session, event: e.SettingsChanged) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return what the endpoint is told of. What isn't said stays as it is where the words stay native ones."""
    stays = event.webhook_format is None and session.webhook_format is None
    events = event.webhook_events if event.webhook_events is not None or not stays else session.webhook_events
    types = event.webhook_types if event.webhook_types is not None or not stays else session.webhook_types
    return events or None, types or None


def _reason(session: Session, event: e.LinkEvent) -> str | None:
    match event:
        case e.Disconnected(reason=reason) | e.LoggedOut(reason=reason) | e.ConnectFailure(reason=reason):
            return reason
        case e.AccountRefused(reason=reason) | e.LaunchRefused(reason=reason) | e.PasskeyLapsed(reason=reason):
            return reason
        case e.WorkerClaimed(upgraded=True):
            return Reason.UPGRADED
        case e.WorkerClaimed(lost=lost):
            return Reason.WORKER_LOST if lost else Reason.REQUESTED
        case e.Stopped() if session.suspended:
            return Reason.TENANT_DISABLED
        case e.Unlinked(confirmed=confirmed) | e.Erased(confirmed=confirmed):
            return Reason.UNLINKED_BY_OWNER if confirmed else Reason.UNLINK_UNCONFIRMED
        case e.PairSuccess() | e.Connected():
            return None
        case e.PasskeyRequested(passkey=passkey):
            return Reason.PASSKEY_REQUIRED if passkey else Reason.PASSKEY_UNSUPPORTED
        case _:
            return _REASONS.get(type(event), session.reason)


def _message(event: e.LinkEvent, session: Session, reason: str | None) -> str | None:
    """The reason as a sentence, with the cause of a ban where WhatsApp names one that is known."""
    if isinstance(event, ASIDE) and reason == session.reason:
        return session.message
    if reason == Reason.PASSKEY_REQUIRED and type(event) in PASSKEY_STEPS:
        return PASSKEY_STEPS[type(event)]
    cause = BAN_CAUSES.get(event.code) if isinstance(event, e.TemporaryBan) else None
    said = sentence(reason)
    return f"{said} {cause}" if said and cause else said


PASSKEY_STEPS: Final[dict[type[e.LinkEvent], str]] = {
    e.PasskeyAnswered: "The passkey's answer is under way. Keep WhatsApp open on the phone, and do what it says.",
    e.PasskeyConfirmationRequested: (
        "The phone shows a code. Compare it with the gateway's, and tell the gateway whether it is the same: "
        "its page /passkey leads through that."
    ),
}
"""What is to be done now that a passkey is demanded and the owner has signed."""


def _until(event: e.LinkEvent, session: Session) -> int | None:
    if isinstance(event, e.TemporaryBan):
        return event.until
    return session.until if isinstance(event, ASIDE) else None


def _last_reason(session: Session, reason: str | None, now: int) -> LastReason | None:
    """What is a matter of course leaves in place what wasn't, so that whoever looks seldom sees that too."""
    if reason is None or reason in MATTERS_OF_COURSE:
        return session.last_reason
    if reason == session.reason:
        return session.last_reason or LastReason(reason, session.since)
    return LastReason(reason, now)


_REASONS: Final[dict[type[e.LinkEvent], Reason]] = {
    e.DeleteRequested: Reason.REQUESTED,
    e.GaveUp: Reason.WORKER_KEEPS_FAILING,
    e.Restarted: Reason.REQUESTED,
    e.QRShown: Reason.WAITING_FOR_SCAN,
    e.ScanRoundEnded: Reason.NEW_SCAN_ROUND,
    e.QRTimeout: Reason.QR_TIMEOUT,
    e.PairError: Reason.PAIR_ERROR,
    e.PasskeyRefused: Reason.PASSKEY_REFUSED,
    e.StreamReplaced: Reason.REPLACED,
    e.ClientOutdated: Reason.CLIENT_OUTDATED,
    e.RegistrationRefused: Reason.REGISTRATION_REFUSED,
    e.TemporaryBan: Reason.TEMPORARY_BAN,
    e.Stopped: Reason.REQUESTED,
}


def _next_at(event: e.LinkEvent, after: Session) -> int | None:
    match event:
        case e.LaunchRefused(retry_at=retry_at) | e.ConnectFailure(retry_at=retry_at):
            return retry_at
        case e.QRShown(qr=qr):
            return qr.expires_at
        case _ if isinstance(event, (*ASIDE, e.PairingCodeTaken, e.PairingCodeLapsed)):
            return after.next_at
        case _:
            return None


def _deadline(after: Session) -> int | None:
    if after.live and after.desired is not Desired.RUNNING:
        return max(after.requested_at, after.claimed_at) + ENDING
    if after.status not in DEADLINES or not (after.live or after.status is S.DELETING):
        return None
    match after.status:
        case S.SCAN_QR if after.qr:
            # Codes that nobody scans end by themselves, once a pairing code beside them has.
            typed = after.pairing_code.expires_at + TYPED if after.pairing_code else 0
            begun = max(after.qr.expires_at, typed)
        case S.PASSKEY_REQUIRED if after.passkey:
            begun = after.passkey.expires_at
        case S.STARTING | S.DELETING:
            # A claim, and every new try within it that said when it will be, starts the clock anew.
            begun = max(after.since, after.claimed_at, after.next_at or 0)
        case _:
            begun = after.since
    return begun + DEADLINES[after.status]


def _observed(after: Session, event: e.LinkEvent) -> int:
    """The generation that this status answers: a final one answers the newest.

    Logged out by the phone while it is wanted running is no answer: a fresh scan round follows.
    """
    aside = isinstance(event, ASIDE)
    fresh_round = after.status is S.LOGGED_OUT and after.desired is Desired.RUNNING
    if aside or fresh_round or after.live or after.status not in FINAL:
        return after.observed_generation
    return after.generation


def _data(after: Session, event: e.LinkEvent) -> dict[str, Any]:  # noqa: C901, PLR0912 - one case an event
    """What the world is told; never a code, a key or a text."""
    data: dict[str, Any] = {"status": str(after.status)}
    if after.reason:
        data |= {"reason": str(after.reason), "message": after.message}
    if after.next_at:
        data["next_at"] = after.next_at
    if after.until:
        data["until"] = after.until
    match event:
        case e.TemporaryBan(code=code) if code:
            data["code"] = code
        case e.QRShown(qr=qr):
            data |= {"attempt": qr.attempt, "expires_at": qr.expires_at}
        case e.PairingCodeTaken(pairing_code=shown):
            data["expires_at"] = shown.expires_at
        case e.PairingCodeLapsed(why=why):
            data["why"] = why
        case e.PairSuccess(device=device) | e.Connected(device=device):
            data |= {"phone": device.phone, "phone_mismatch": after.phone_mismatch}
            if after.phone_mismatch:
                data["expected_phone"] = after.phone
        case e.LoggedOut(phone=str(phone)):
            data |= {"phone": phone, "phone_mismatch": True, "expected_phone": after.phone}
        case e.WebhookFailing(failure=failure) | e.WebhookDisabled(failure=failure):
            told = {"event": failure.event, "attempts": failure.attempts, "given_up": failure.given_up}
            data["webhook"] = {**told, "reason": failure.reason, "status": failure.status}
        case e.WorkerClaimed() | e.Launched() | e.LaunchRefused():
            data["worker"] = _worker(after)
        case e.SettingsChanged(changed=changed) if changed:
            data["changed"] = changed
        case _ if after.passkey:
            data |= {"step": str(after.passkey.step), "expires_at": after.passkey.expires_at}
        case _:
            pass
    return data


def _worker(after: Session) -> dict[str, Any]:
    """The worker that is claimed, for the session's timeline alone."""
    return {
        "id": after.worker,
        "epoch": after.epoch,
        "since": after.claimed_at,
        "standby": after.standby,
        "on_demand": after.on_demand,
        "task": after.task,
    }
