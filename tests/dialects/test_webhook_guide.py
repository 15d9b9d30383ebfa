"""docs/webhooks.md says what the code does, and its example verifies."""

import json
import re
import textwrap
import time
from pathlib import Path

from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.native.webhook import body
from chalicelib.domain.events import Envelope
from chalicelib.domain.messages import Direction, MessageStatus, Party, summary
from chalicelib.domain.webhook import BACKOFF, FAILURES, MESSAGE_EVENTS, SESSION_EVENTS, signature_headers
from tests.makers import DEVICE, NOW, SECRET, a_message, a_running_session, a_session
from tests.signatures import TOLERANCE

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def example(language: str, about: str = "") -> str:
    found = re.findall(rf"^ *```{language}\n(.*?)```", GUIDE, re.DOTALL | re.MULTILINE)
    (one,) = (text for text in found if about in text)
    return textwrap.dedent(str(one))


def test_every_event_is_there_and_no_other():
    told = set(re.findall(r"^\| `((?:message|session)\.\w+)` \|", GUIDE, re.MULTILINE))
    assert told == MESSAGE_EVENTS | SESSION_EVENTS


def test_the_schedule_is_the_code_s_own():
    assert BACKOFF == (5, 30, 120, 600)
    assert "after 5 seconds, 30 seconds, 2 minutes and 10 minutes" in GUIDE
    assert f"> {TOLERANCE // 1000}:" in GUIDE


def test_the_body_shown_has_the_fields_of_a_body_sent():
    message = a_message(direction=Direction.INBOUND, status=MessageStatus.RECEIVED, sender=Party(phone="628987654321"))
    event = Envelope("01E", "message.received", "default", "ana", message.uid, NOW, "c1", summary(message), message)
    sent = json.loads(body(event, message, a_running_session(device=DEVICE)))
    shown = json.loads(example("json"))
    assert list(shown) == list(sent)
    assert list(shown["data"]) == list(sent["data"])


def test_the_example_tells_the_genuine_from_the_forged():
    scope: dict = {}
    exec(example("python", "def is_genuine"), scope)  # noqa: S102 - our own document
    now = time.time_ns() // 1_000_000
    signed = signature_headers(SECRET, "01E", b"{}", now=now)
    assert scope["is_genuine"](SECRET, signed, b"{}")
    assert not scope["is_genuine"](SECRET, signed, b"[]")
    assert not scope["is_genuine"](SECRET, signature_headers(SECRET, "01E", b"{}", now=now - 302_000), b"{}")


def test_every_reason_of_a_failure_is_there_and_no_other():
    table = GUIDE.partition("| `reason` | What it means |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(FAILURES)


def test_the_example_for_the_family_s_own_signature_refuses_what_is_forged_or_replayed():
    """What X-Webhook-Signature lacks, a time, the second one has: an old request isn't taken again."""
    scope: dict = {}
    exec("import hashlib, hmac, time\n" + example("python", "def is_fresh"), scope)  # noqa: S102 - our own document
    assert "**no time is in it**" in GUIDE
    now = time.time_ns() // 1_000_000

    def signed(at: int) -> dict[str, str]:
        sent = bare_webhook.headers(a_session(webhook_key="their own secret"), b"{}", now=at)
        return {name.lower(): value for name, value in sent.items()}

    assert scope["is_fresh"]("their own secret", signed(now), b"{}")
    assert not scope["is_fresh"]("their own secret", signed(now), b"[]")
    assert not scope["is_fresh"]("another secret", signed(now), b"{}")
    assert not scope["is_fresh"]("their own secret", signed(now - 302_000), b"{}")
    moved = signed(now - 302_000)
    moved["x-webhook-signature-v2"] = re.sub("t=[0-9]+", f"t={now // 1000}", moved["x-webhook-signature-v2"])
    assert not scope["is_fresh"]("their own secret", moved, b"{}"), "its time is signed"
    assert signed(now)["x-webhook-signature"] == signed(now - 302_000)["x-webhook-signature"], "the old one has none"
