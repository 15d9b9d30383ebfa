"""Endpoints are told in the words of the family whose call set them, and only what they asked for."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import InvalidField, SessionNotFound
from chalicelib.domain.events import Connected, Envelope, QRShown
from chalicelib.domain.session import Session
from chalicelib.domain.webhook import hex_digest
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


def filtered(rig: Rig, **asked: Any) -> Session:
    return rig.sessions.change("default", "ana", **asked)[0]


def owed_of(rig: Rig, *kinds: str) -> list[str]:
    """Return which of the types of messages a session's native endpoint is to be told of."""
    for kind in kinds:
        data = {"kind": kind, "direction": "inbound"}
        happens(rig, replace(CONNECTED, id=kind, cursor=kind, type="message.received", data=data))
    return [delivery.event for delivery, _ in rig.deliveries.queued]


def test_a_native_endpoint_is_told_of_the_events_that_it_asked_for(rig):
    filtered(rig, webhook_events=("message.*", "session.banned"))
    happens(rig, CONNECTED)
    happens(rig, replace(CONNECTED, id="banned", type="session.banned", data={"status": "FAILED"}))
    assert owed_of(rig, "text") == ["banned", "text"]


def test_and_of_messages_of_the_types_that_it_asked_for(rig):
    filtered(rig, webhook_types=("image", "unsupported"))
    happens(rig, CONNECTED)
    assert owed_of(rig, "text", "image", "orderMessage", "unknown") == ["01E", "image", "orderMessage", "unknown"]


def test_what_it_no_longer_asks_for_is_not_told_though_it_was_owed(rig):
    happens(rig, CONNECTED)
    filtered(rig, webhook_events=("message.received",))
    rig.webhooks.attempt(rig.deliveries.queued[0][0])
    assert rig.poster.posted == []


def test_what_a_change_of_the_native_endpoint_does_not_name_stays_as_it_is(rig):
    filtered(rig, webhook_events=("message.*",), webhook_types=("text",))
    moved = filtered(rig, webhook_url=URL)
    assert (moved.webhook_url, moved.webhook_events, moved.webhook_types) == (URL, ("message.*",), ("text",))
    assert moved.webhook_secret == SECRET
    less = filtered(rig, webhook_events=())
    assert (less.webhook_url, less.webhook_events, less.webhook_types) == (URL, None, ("text",))
    assert rig.sessions.change("default", "ana", webhook_types=("text",))[1] is False, "nothing is written"
    gone = filtered(rig, webhook_url="")
    assert (gone.webhook_url, gone.webhook_events, gone.webhook_types) == (None, None, None)


def test_a_family_s_endpoint_that_is_filtered_natively_is_told_natively(rig):
    set_webhook(rig, events=("status",))
    native = filtered(rig, webhook_types=("text",))
    assert (native.webhook_url, native.webhook_format, native.webhook_key) == (URL, None, None)
    assert (native.webhook_events, native.webhook_types) == (None, ("text",))
    assert native.webhook_secret == SECRET
    again = set_webhook(rig, events=("status",))
    assert (again.webhook_format, again.webhook_events, again.webhook_types) == ("bare", ("status",), None)


def test_a_webhook_that_is_not_there_is_not_filtered(rig):
    filtered(rig, webhook_url="")
    with pytest.raises(InvalidField, match="there is no webhook yet"):
        filtered(rig, webhook_events=("message.*",))


def test_another_tenant_s_session_is_not_found(rig):
    with pytest.raises(SessionNotFound):
        rig.sessions.set_webhook("acme", "ana", URL, words="bare", events=None, key=None)


def test_no_secret_is_in_what_a_session_s_event_says(rig):
    session = set_webhook(rig)
    assert "their own" not in f"{session} {session.last_event}"
