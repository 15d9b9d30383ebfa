from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import events as e
from chalicelib.domain.errors import IllegalMove
from chalicelib.domain.session import (
    LIVE,
    SENTENCES,
    Desired,
    LastReason,
    PasskeyDemand,
    PasskeyStep,
    Reason,
    Session,
    ShownPairingCode,
    Status,
    WebhookFailure,
)
from chalicelib.domain.transitions import DEADLINES, ENDING, MAX_ROUNDS, NEXT, PASSKEY_STEPS, advance, scan_ended
from tests.makers import DEVICE, NOW, a_code, a_running_session, a_session

FAILURE = WebhookFailure(NOW, "01E", 1, "gone", 410, given_up=True)
EVENTS: dict[type[e.LinkEvent], e.LinkEvent] = {
    e.StartRequested: e.StartRequested(),
    e.RestartRequested: e.RestartRequested(),
    e.Restarted: e.Restarted(),
    e.StopRequested: e.StopRequested(),
    e.UnlinkRequested: e.UnlinkRequested(),
    e.DeleteRequested: e.DeleteRequested(),
    e.TenantDisabled: e.TenantDisabled(),
    e.TenantEnabled: e.TenantEnabled(),
    e.SettingsChanged: e.SettingsChanged(name="Ana"),
    e.WorkerClaimed: e.WorkerClaimed("w-9", "https://queue/w-9", standby=False),
    e.Launched: e.Launched(),
    e.LaunchRefused: e.LaunchRefused(Reason.NO_CAPACITY, NOW + 5_000),
    e.GaveUp: e.GaveUp(),
    e.QRShown: e.QRShown(a_code()),
    e.ScanRoundEnded: e.ScanRoundEnded(),
    e.QRTimeout: e.QRTimeout(),
    e.PairSuccess: e.PairSuccess(DEVICE),
    e.PairError: e.PairError(),
    e.PairingCodeTaken: e.PairingCodeTaken(ShownPairingCode("ABCD-EFGH", "6281", NOW + 180_000)),
    e.PairingCodeLapsed: e.PairingCodeLapsed("expired"),
    e.PasskeyRequested: e.PasskeyRequested(PasskeyDemand('{"challenge":"AAAA"}', NOW + 600_000)),
    e.PasskeyAnswered: e.PasskeyAnswered(NOW + 120_000),
    e.PasskeyConfirmationRequested: e.PasskeyConfirmationRequested("ABCD-EFGH", NOW + 180_000),
    e.PasskeyLapsed: e.PasskeyLapsed(Reason.PASSKEY_EXPIRED),
    e.PasskeyRefused: e.PasskeyRefused(),
    e.Connected: e.Connected(DEVICE),
    e.Disconnected: e.Disconnected(),
    e.ConnectFailure: e.ConnectFailure(Reason.CONNECT_FAILURE, NOW + 5_000),
    e.LoggedOut: e.LoggedOut(Reason.UNLINKED_FROM_PHONE),
    e.StreamReplaced: e.StreamReplaced(),
    e.ClientOutdated: e.ClientOutdated(),
    e.TemporaryBan: e.TemporaryBan(),
    e.AccountRefused: e.AccountRefused(Reason.ACCOUNT_LOCKED),
    e.RegistrationRefused: e.RegistrationRefused(),
    e.Stopped: e.Stopped(),
    e.Unlinked: e.Unlinked(),
    e.Erased: e.Erased(),
    e.WebhookFailing: e.WebhookFailing(FAILURE),
    e.WebhookRecovered: e.WebhookRecovered(),
    e.WebhookDisabled: e.WebhookDisabled(FAILURE),
}


def moved(session: Session, *events: e.LinkEvent, now: int = NOW) -> Session:
    for event in events:
        session = advance(session, event, now=now, event_id="01EVENT")
    return session


def test_every_link_event_is_in_the_table_and_in_this_suite():
    assert {event for _, event in NEXT} == set(e.LINK_EVENTS) == set(EVENTS)


def test_every_status_is_reached_and_left():
    assert {status for status, _ in NEXT} == set(Status)
    assert set(NEXT.values()) | {Status.CREATED} == set(Status)


def test_a_session_being_deleted_never_becomes_anything_else():
    assert {after for (before, _), after in NEXT.items() if before is Status.DELETING} == {Status.DELETING}


@pytest.mark.parametrize(("status", "event"), [(s, t) for s in Status for t in EVENTS if (s, t) not in NEXT])
def test_what_the_table_has_no_row_for_is_refused(status, event):
    with pytest.raises(IllegalMove):
        moved(a_session(status=status), EVENTS[event])


@given(st.lists(st.sampled_from(list(EVENTS.values())), max_size=40), st.sampled_from(list(Desired)))
def test_whatever_happens_a_session_stays_in_order(happening, desired):
    session = a_session(desired=desired)
    now = NOW
    for event in happening:
        now += 1_000
        if (session.status, type(event)) not in NEXT:
            continue
        before, session = session, advance(session, event, now=now, event_id=f"01E{now}")
        assert session.version == before.version + 1
        assert session.generation >= before.generation >= 0
        assert session.observed_generation <= session.generation
        assert session.epoch >= before.epoch
        assert (session.qr is not None) == (session.status is Status.SCAN_QR)
        assert (session.deadline is not None) == (
            session.status in DEADLINES or (session.status in LIVE and session.desired is not Desired.RUNNING)
        )
        assert session.since == (before.since if session.status is before.status else now)
        assert session.last_event is not None
        assert session.last_event.type == event.type
        assert "2@ref" not in repr(session.last_event)


def test_the_way_to_a_linked_session():
    session = moved(a_session(), e.StartRequested(), EVENTS[e.WorkerClaimed])
    assert (session.status, session.epoch, session.attempts) == (Status.STARTING, 1, 1)
    session = moved(session, e.QRShown(a_code()))
    assert (session.status, session.qr, session.next_at) == (Status.SCAN_QR, a_code(), a_code().expires_at)
    session = moved(session, e.PairSuccess(DEVICE), e.Connected(DEVICE))
    assert (session.status, session.device, session.reason, session.connected_at) == (
        Status.CONNECTED,
        DEVICE,
        None,
        NOW,
    )


def test_scan_rounds_are_bounded_and_then_the_start_is_over():
    session = moved(a_session(), e.StartRequested(), EVENTS[e.WorkerClaimed])
    for _ in range(MAX_ROUNDS):
        assert session.status is Status.STARTING
        session = moved(session, e.QRShown(a_code()), e.QRShown(a_code(attempt=2)))
        session = moved(session, scan_ended(session))
    assert (session.status, session.reason) == (Status.STOPPED, Reason.QR_TIMEOUT)
    assert session.answered


def test_a_phone_that_unlinked_gets_one_fresh_scan_round_by_itself():
    session = moved(a_running_session(round=1), e.LoggedOut(Reason.UNLINKED_FROM_PHONE))
    assert (session.status, session.device) == (Status.LOGGED_OUT, None)
    assert not session.answered
    session = moved(session, EVENTS[e.WorkerClaimed], e.QRShown(a_code()))
    assert scan_ended(session) == e.QRTimeout()


def test_an_owner_s_logout_is_final():
    session = moved(a_running_session(device=DEVICE), e.UnlinkRequested(), e.Unlinked())
    assert (session.status, session.reason, session.device) == (Status.LOGGED_OUT, Reason.UNLINKED_BY_OWNER, None)
    assert session.answered


def test_an_unconfirmed_logout_says_so():
    session = moved(a_running_session(device=DEVICE), e.UnlinkRequested(), e.Unlinked(confirmed=False))
    assert session.reason == Reason.UNLINK_UNCONFIRMED
    assert "on the phone" in (session.message or "")


def test_a_new_request_reopens_a_final_status():
    session = moved(a_running_session(), e.StreamReplaced())
    assert session.answered
    assert not moved(session, e.StartRequested()).answered


def test_a_live_session_that_is_to_end_has_a_deadline():
    session = moved(a_running_session(), e.StopRequested(), now=NOW + 7)
    assert session.deadline == NOW + 7 + ENDING


def test_an_event_s_data_says_why_and_when_but_no_code():
    shown = moved(a_running_session(status=Status.STARTING), e.QRShown(a_code()))
    assert shown.last_event is not None
    assert shown.last_event.data == {
        "status": "SCAN_QR",
        "reason": "waiting_for_scan",
        "message": shown.message,
        "next_at": a_code().expires_at,
        "attempt": 1,
        "expires_at": a_code().expires_at,
    }


def test_a_code_is_not_in_a_session_s_repr():
    assert "2@ref" not in repr(replace(a_session(), qr=a_code()))
    assert {field.name for field in fields(a_code()) if not field.repr} == {"code", "image", "matrix"}


def test_a_change_of_settings_says_which_and_never_what_they_are():
    change = e.SettingsChanged(enabled=False, webhook_url="https://a.example", webhook_secret="new", direct=True)
    changed = moved(a_running_session(), change)
    assert changed.last_event
    assert changed.last_event.data == {"status": "CONNECTED", "changed": ["enabled", "proxy", "webhook"]}


@pytest.mark.parametrize(
    ("event", "on_demand"),
    [
        (e.WorkerClaimed("w-2", "https://queue/2", standby=True, task="arn:worker:7"), False),
        (e.Launched(), False),
        (e.LaunchRefused("no_spot_capacity", NOW + 5, on_demand=True), True),
    ],
)
def test_what_happens_to_a_worker_says_which_it_is(event, on_demand):
    claimed = moved(
        a_running_session(status=Status.STARTING), e.WorkerClaimed("w-2", "q", standby=True, task="arn:worker:7")
    )
    told = moved(claimed, event).last_event
    worker = {"id": "w-2", "standby": True, "on_demand": on_demand, "task": "arn:worker:7"}
    assert told
    assert worker.items() <= told.data["worker"].items()


def test_settings_change_what_they_name_and_nothing_else():
    session = a_running_session(
        name="Ana", webhook_url="https://a.example", webhook_secret="old", webhook_disabled_at=1
    )
    change = e.SettingsChanged(name="Ben", webhook_url="https://a.example", webhook_secret="new")
    assert repr(change) == "SettingsChanged(name, webhook_url, webhook_secret)"
    renamed = moved(session, change)
    assert (renamed.name, renamed.webhook_secret) == ("Ben", "old")
    assert renamed.webhook_disabled_at is None, "an address that is set is tried again"
    assert moved(session, e.SettingsChanged(name="Ben")).webhook_disabled_at == 1
    assert (renamed.generation, renamed.status, renamed.enabled) == (session.generation, session.status, True)
    elsewhere = moved(session, e.SettingsChanged(webhook_url="https://b.example", webhook_secret="new", enabled=False))
    assert (elsewhere.webhook_url, elsewhere.webhook_secret) == ("https://b.example", "new")
    assert (elsewhere.webhook_disabled_at, elsewhere.enabled, elsewhere.name) == (None, False, "Ana")
    without = moved(session, e.SettingsChanged(webhook_url=""))
    assert (without.webhook_url, without.webhook_secret) == (None, None)


def test_a_session_says_how_its_webhook_fails_until_it_is_set_again():
    failing = WebhookFailure(NOW, "01E", 2, "http_error", 500, next_at=NOW + 5_000)
    session = moved(a_running_session(webhook_url="https://a.example"), e.WebhookFailing(failing))
    assert session.webhook_failure == failing
    assert session.last_event
    assert session.last_event.data["webhook"] == {
        "event": "01E", "attempts": 2, "given_up": False, "reason": "http_error", "status": 500
    }  # fmt: skip
    recovered = moved(session, e.WebhookRecovered(), now=NOW + 7)
    assert recovered.webhook_failure == replace(failing, recovered_at=NOW + 7)
    gone = moved(recovered, e.WebhookDisabled(FAILURE))
    assert (gone.webhook_failure, gone.webhook_disabled_at) == (FAILURE, NOW)
    again = moved(gone, e.SettingsChanged(webhook_url="https://a.example", webhook_secret="new"))
    assert (again.webhook_failure, again.webhook_disabled_at) == (None, None)
    assert (again.status, again.since) == (session.status, session.since), "it says nothing of the link"


def test_changed_settings_are_no_answer_to_the_owner():
    asked = moved(a_running_session(status=Status.STOPPED, observed_generation=1), e.StartRequested())
    assert not moved(asked, e.SettingsChanged(name="Ben")).answered


def test_a_session_that_runs_is_stopped_with_its_tenant_and_started_with_it():
    running = a_running_session(device=DEVICE)
    disabled = moved(running, e.TenantDisabled(), now=NOW + 1)
    assert (disabled.desired, disabled.status) == (Desired.STOPPED, Status.CONNECTED)
    assert (disabled.generation, disabled.requested_at) == (running.generation + 1, NOW + 1)
    stopped = moved(disabled, e.Stopped())
    assert (stopped.status, stopped.reason, stopped.answered) == (Status.STOPPED, Reason.TENANT_DISABLED, True)
    assert stopped.device == DEVICE
    enabled = moved(stopped, e.TenantEnabled(), now=NOW + 2)
    assert (enabled.desired, enabled.answered, enabled.suspended) == (Desired.RUNNING, False, False)
    assert (enabled.generation, enabled.requested_at) == (stopped.generation + 1, NOW + 2)


@pytest.mark.parametrize(
    "at_rest",
    [
        a_session(),
        a_running_session(desired=Desired.STOPPED, status=Status.STOPPED, observed_generation=1),
        a_running_session(desired=Desired.UNLINKED, status=Status.LOGGED_OUT, observed_generation=1),
        a_running_session(status=Status.FAILED, observed_generation=1),
        a_running_session(status=Status.STOPPED, reason=Reason.QR_TIMEOUT, observed_generation=1),
    ],
)
def test_a_session_at_rest_stays_at_rest_whatever_becomes_of_its_tenant(at_rest):
    disabled = moved(at_rest, e.TenantDisabled())
    assert disabled.suspended
    after = moved(disabled, e.TenantEnabled())
    kept = ("desired", "status", "generation", "observed_generation", "reason", "suspended", "resumes")
    assert [getattr(after, name) for name in kept] == [getattr(at_rest, name) for name in kept]


def test_what_its_owner_had_asked_meanwhile_is_what_holds_afterwards():
    disabled = moved(a_running_session(), e.TenantDisabled())
    assert moved(disabled, e.StopRequested(), e.TenantEnabled()).desired is Desired.STOPPED
    late = moved(disabled, e.Stopped(), e.StartRequested(), e.TenantDisabled())
    assert late.desired is Desired.STOPPED
    assert moved(late, e.TenantEnabled()).desired is Desired.RUNNING


def test_disabled_twice_is_disabled_once():
    twice = moved(a_running_session(), e.TenantDisabled(), e.TenantDisabled())
    assert moved(twice, e.TenantEnabled()).desired is Desired.RUNNING


def test_why_a_session_was_unlinked_outlives_the_round_that_follows():
    unlinked = moved(a_running_session(device=DEVICE), e.LoggedOut(Reason.UNLINKED_FROM_PHONE), now=NOW + 1)
    expected = LastReason(Reason.UNLINKED_FROM_PHONE, NOW + 1)
    assert unlinked.last_reason == expected
    session = unlinked
    claim, shown = e.WorkerClaimed("w", "m", standby=False), e.QRShown(a_code())
    for later, event in enumerate((claim, shown, e.ScanRoundEnded(), shown, e.QRTimeout()), 2):
        session = moved(session, event, now=NOW + later)
        assert (session.reason == "unlinked_from_phone", session.last_reason) == (False, expected)
    for event in (e.StartRequested(), claim, e.Connected(DEVICE)):
        session = moved(session, event, now=NOW + 9)
    assert (session.reason, session.last_reason) == (None, expected), "connected again, it still says why it wasn't"


def test_a_reason_that_stays_is_as_old_as_it_was_and_a_new_one_takes_its_place():
    lost = moved(a_running_session(), e.Disconnected(Reason.CONNECTION_LOST), now=NOW + 1)
    renamed = moved(lost, e.SettingsChanged(name="Ben"), now=NOW + 2)
    assert renamed.last_reason == lost.last_reason == LastReason(Reason.CONNECTION_LOST, NOW + 1)
    assert renamed.last_reason.message == SENTENCES[Reason.CONNECTION_LOST]
    replaced = moved(renamed, e.StreamReplaced(), now=NOW + 3)
    assert replaced.last_reason == LastReason(Reason.REPLACED, NOW + 3)


def test_a_reason_from_before_reasons_were_kept_is_dated_by_its_status():
    before = a_running_session(status=Status.DISCONNECTED, reason=Reason.CONNECTION_LOST, since=NOW - 5)
    assert moved(before, e.SettingsChanged(name="Ben")).last_reason == LastReason(Reason.CONNECTION_LOST, NOW - 5)


def test_a_code_is_served_while_it_is_good_and_its_owner_wants_the_link():
    waiting = a_running_session(status=Status.SCAN_QR, qr=a_code())
    assert waiting.code_at(NOW) == a_code()
    assert waiting.code_at(a_code().expires_at) is None
    for unwanted in (e.StopRequested(), e.UnlinkRequested()):
        stopping = moved(waiting, unwanted)
        assert (stopping.status, stopping.code_at(NOW)) == (Status.SCAN_QR, None)


@pytest.mark.parametrize("code", [101, 102, 103, 104, 106])
def test_a_ban_says_why_and_how_long_until_somebody_starts_the_session_anew(code: int) -> None:
    banned = advance(
        a_running_session(status=Status.CONNECTED, device=DEVICE),
        e.TemporaryBan(code, NOW + 60_000),
        now=NOW,
        event_id="E",
    )
    assert banned.message
    assert banned.message.startswith(SENTENCES[Reason.TEMPORARY_BAN] + " ")
    assert banned.until == NOW + 60_000
    assert banned.last_event
    assert (banned.last_event.data["until"], banned.last_event.data["code"]) == (NOW + 60_000, code)
    assert banned.device == DEVICE, "its keys are as good as before"
    renamed = advance(banned, e.SettingsChanged(name="Kopi"), now=NOW, event_id="F")
    assert (renamed.until, renamed.message) == (banned.until, banned.message)
    again = advance(renamed, e.WorkerClaimed("w", "m", standby=False), now=NOW, event_id="G")
    assert (again.until, again.message) == (None, SENTENCES[Reason.REQUESTED])


def test_a_ban_for_a_cause_that_nobody_knows_says_no_cause() -> None:
    banned = advance(a_running_session(status=Status.CONNECTED), e.TemporaryBan(999), now=NOW, event_id="E")
    assert (banned.message, banned.until) == (SENTENCES[Reason.TEMPORARY_BAN], None)


@pytest.mark.parametrize("reason", [Reason.ACCOUNT_LOCKED, Reason.ACCOUNT_BANNED])
def test_an_account_that_whatsapp_locks_or_bans_isn_t_linked_any_more_and_isn_t_started_by_itself(
    reason: Reason,
) -> None:
    refused = advance(a_running_session(status=Status.STARTING), e.AccountRefused(reason), now=NOW, event_id="E")
    assert (refused.status, refused.reason, refused.message) == (Status.FAILED, reason, SENTENCES[reason])
    assert (refused.device, refused.answered) == (None, True)


def scanning() -> Session:
    return moved(a_running_session(status=Status.STARTING), e.QRShown(a_code(expires_at=NOW + 20_000)))


def test_a_pairing_code_stands_beside_the_picture_and_has_the_session_wait_for_whoever_types_it():
    shown = moved(scanning(), EVENTS[e.PairingCodeTaken])
    assert shown.qr is not None
    assert shown.pairing_code_at(NOW) == ShownPairingCode("ABCD-EFGH", "6281", NOW + 180_000)
    assert shown.pairing_code_at(NOW + 180_000) is None
    assert (shown.status, shown.next_at) == (Status.SCAN_QR, NOW + 20_000)
    assert shown.deadline == NOW + 180_000 + 60_000 + DEADLINES[Status.SCAN_QR]
    ended = moved(shown, EVENTS[e.PairingCodeLapsed])
    assert (ended.pairing_code, ended.deadline) == (None, NOW + 20_000 + DEADLINES[Status.SCAN_QR])
    assert moved(shown, e.PairSuccess(DEVICE)).pairing_code is None


def test_a_demanded_passkey_is_a_way_on_as_long_as_somebody_takes_the_answer():
    asked = moved(moved(scanning(), e.StartRequested()), EVENTS[e.PasskeyRequested])
    assert (asked.live, asked.answered, asked.reason) == (True, False, Reason.PASSKEY_REQUIRED)
    assert asked.deadline == NOW + 600_000 + DEADLINES[Status.PASSKEY_REQUIRED]
    ended = moved(moved(scanning(), e.StartRequested()), e.PasskeyRequested())
    assert (ended.live, ended.answered, ended.reason) == (False, True, Reason.PASSKEY_UNSUPPORTED)
    assert ended.deadline is None


def test_a_passkey_goes_from_step_to_step_and_nothing_of_it_stays():
    asked = moved(scanning(), EVENTS[e.PasskeyRequested])
    signed = moved(asked, EVENTS[e.PasskeyAnswered])
    assert signed.passkey == PasskeyDemand("", NOW + 120_000, PasskeyStep.PHONE)
    compared = moved(signed, EVENTS[e.PasskeyConfirmationRequested])
    assert compared.passkey == PasskeyDemand("", NOW + 180_000, PasskeyStep.CONFIRM, "ABCD-EFGH")
    assert [session.message for session in (asked, signed)] == [
        SENTENCES[Reason.PASSKEY_REQUIRED],
        PASSKEY_STEPS[e.PasskeyAnswered],
    ]
    renamed = moved(compared, e.SettingsChanged(name="Kopi"))
    assert renamed.message == compared.message == PASSKEY_STEPS[e.PasskeyConfirmationRequested]
    assert compared.last_event is not None
    assert compared.last_event.data["step"] == "confirm"
    for end in (e.PairSuccess(DEVICE), e.PairError(), EVENTS[e.PasskeyLapsed], e.PasskeyRefused(), e.Stopped()):
        assert moved(compared, end).passkey is None


def test_no_event_tells_a_code_or_a_challenge():
    told = moved(scanning(), EVENTS[e.PasskeyRequested], EVENTS[e.PasskeyConfirmationRequested])
    everything = f"{moved(scanning(), EVENTS[e.PairingCodeTaken])!r} {told!r}"
    for one in (e.PairingCodeTaken, e.PasskeyRequested, e.PasskeyConfirmationRequested):
        everything += repr(EVENTS[one])
    assert "ABCD" not in everything
    assert "AAAA" not in everything


def test_who_may_not_link_sees_that_a_passkey_is_demanded_and_no_more():
    hidden = moved(scanning(), EVENTS[e.PasskeyRequested]).without_code()
    assert hidden.live
    assert hidden.passkey is not None
    assert (hidden.passkey.options, hidden.passkey.code) == ("", None)
    assert moved(scanning(), EVENTS[e.PairingCodeTaken]).without_code().pairing_code is None


def test_a_session_says_when_it_was_linked_last_also_when_it_is_unlinked_again() -> None:
    scanning = a_running_session(status=Status.SCAN_QR, qr=a_code())
    paired = advance(scanning, e.PairSuccess(DEVICE), now=NOW + 1, event_id="1")
    connected = advance(paired, e.Connected(DEVICE), now=NOW + 2, event_id="2")
    lost = advance(connected, e.Disconnected(), now=NOW + 3, event_id="3")
    again = advance(lost, e.Connected(DEVICE), now=NOW + 4, event_id="4")
    unlinked = advance(again, e.LoggedOut(Reason.UNLINKED_FROM_PHONE), now=NOW + 5, event_id="5")
    steps = (scanning, paired, connected, lost, again, unlinked)
    assert [one.linked_at for one in steps] == [None, None, *[NOW + 2] * 4]
