"""Endpoints are told in the words of the family whose call set them, and only what they asked for."""

import json
from dataclasses import replace

import pytest

from chalicelib.domain.errors import SessionNotFound
from chalicelib.domain.events import Connected, Envelope, QRShown
from chalicelib.domain.signature import hex_digest
from chalicelib.services.watching.watching import History
from tests.composition import Rig
from tests.makers import NOW, SECRET, a_running_session
from tests.signatures import verify

URL = "https://example.com/hook"
OLD = "https://example.com/old"
STANDING = a_running_session(webhook_url=OLD, webhook_secret="whsec_b2xk")
CONNECTED = Envelope("01E", Connected.type, "default", "ana", STANDING.uid, NOW, "c1", {"status": "CONNECTED"})


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.stores.sessions.create(STANDING)
    return rig


def set_webhook(rig: Rig, url: str = URL, events: tuple[str, ...] | None = None, key: str | None = "their own"):
    return rig.sessions.set_webhook("default", "ana", url, words="bare", events=events, key=key)


def happens(rig: Rig, envelope: Envelope) -> None:
    History(rig.stores.history).record(envelope)
    rig.webhooks.owe(envelope)


def test_an_event_is_posted_in_the_family_s_words_with_both_signatures(rig):
    session = set_webhook(rig)
    happens(rig, CONNECTED)
    ((delivery, _),) = rig.deliveries.queued
    rig.webhooks.attempt(delivery)
    ((url, body, headers),) = rig.poster.posted
    assert (url, json.loads(body)["event"]) == (URL, "connection")
    verify(session.webhook_secret, headers, body, now=NOW)
    assert headers["X-Webhook-Signature"] == hex_digest("their own", body)


def test_what_there_is_no_word_for_or_nobody_asked_for_is_not_owed(rig):
    set_webhook(rig, events=("message",))
    happens(rig, CONNECTED)
    set_webhook(rig)
    happens(rig, replace(CONNECTED, type=QRShown.type, data={"status": "SCAN_QR"}))
    assert rig.deliveries.queued == []


def test_what_was_owed_before_is_told_as_the_endpoint_is_now(rig):
    happens(rig, CONNECTED)
    ((delivery, _),) = rig.deliveries.queued
    set_webhook(rig, events=("message",))
    rig.webhooks.attempt(delivery)
    assert rig.poster.posted == []


def test_a_new_endpoint_gets_a_new_secret_and_the_same_again_keeps_it(rig):
    first = set_webhook(rig)
    assert (first.webhook_url, first.webhook_secret) == (URL, SECRET)
    assert set_webhook(rig) == first, "nothing is written"
    rig.stores.sessions.rows[first.uid] = replace(first, webhook_secret="whsec_kept", webhook_disabled_at=NOW)
    again = set_webhook(rig, events=("status",), key=None)
    assert (again.webhook_secret, again.webhook_disabled_at) == ("whsec_kept", None)
    assert (again.webhook_events, again.webhook_key) == (("status",), None)


def test_the_native_endpoint_of_before_becomes_the_family_s(rig):
    assert set_webhook(rig, OLD).webhook_secret == "whsec_b2xk"
    happens(rig, CONNECTED)
    rig.webhooks.attempt(rig.deliveries.queued[0][0])
    assert json.loads(rig.poster.posted[0][1])["event"] == "connection"


def test_another_address_set_by_another_family_s_call_is_told_natively(rig):
    set_webhook(rig)
    kept, _ = rig.sessions.change("default", "ana", webhook_url=URL)
    assert (kept.webhook_format, kept.webhook_key) == ("bare", "their own")
    changed, _ = rig.sessions.change("default", "ana", webhook_url="https://example.com/other")
    assert (changed.webhook_format, changed.webhook_events, changed.webhook_key) == (None, None, None)


def test_an_endpoint_that_was_gone_keeps_its_words_when_another_family_s_call_sets_it_again(rig):
    first = set_webhook(rig, events=("status",))
    rig.stores.sessions.rows[first.uid] = replace(first, webhook_disabled_at=NOW)
    again, changed = rig.sessions.change("default", "ana", webhook_url=URL)
    assert (changed, again.webhook_disabled_at) == (True, None)
    assert (again.webhook_format, again.webhook_events, again.webhook_key) == ("bare", ("status",), "their own")


def test_a_webhook_that_is_removed_leaves_nothing_behind(rig):
    set_webhook(rig, events=("status",))
    gone, _ = rig.sessions.change("default", "ana", webhook_url="")
    assert (gone.webhook_url, gone.webhook_secret, gone.webhook_key, gone.webhook_events) == (None, None, None, None)


def test_another_tenant_s_session_is_not_found(rig):
    with pytest.raises(SessionNotFound):
        rig.sessions.set_webhook("acme", "ana", URL, words="bare", events=None, key=None)


def test_no_secret_is_in_what_a_session_s_event_says(rig):
    session = set_webhook(rig)
    assert "their own" not in f"{session} {session.last_event}"
