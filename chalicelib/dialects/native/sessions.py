"""The native API's answers about sessions. Statuses are those of docs/states.md, as in webhooks."""

from typing import Annotated, Literal, NotRequired, TypedDict

from chalicelib.dialects.native.answers import phone
from chalicelib.dialects.native.linking import NativePairingCodeJson, NativePasskeyJson, pairing_code, passkey
from chalicelib.dialects.native.timeline import NativeWorkerJson, worker
from chalicelib.dialects.shared import LastReasonJson, Moment, iso, last_reason, sentence
from chalicelib.domain.chats import LastMessages
from chalicelib.domain.proxy import Proxy, ProxyType
from chalicelib.domain.session import Desired, QRCode, Session, Status, WebhookFailure, needs_qr
from chalicelib.domain.session import sentence as sentence_of


class NativeAccountJson(TypedDict):
    """A WhatsApp account that is linked."""

    phone: Annotated[str | None, "Its number, with ``+``."]
    lid: Annotated[str | None, "Its LID: WhatsApp's name for it where the number is hidden."]
    platform: Annotated[str | None, "What its phone calls itself, such as ``android``."]


class NativeWebhookFailureJson(TypedDict):
    """How the latest delivery to the webhook failed that was noted."""

    at: Moment
    status: Annotated[int | None, "What the endpoint answered, if it did."]
    reason: Annotated[str, "Why it failed: a word for programs."]
    message: Annotated[str, "The same as a sentence."]
    event_id: Annotated[str, "The event that should have been told."]
    attempts: Annotated[int, "How often that was tried so far."]
    given_up: Annotated[bool, "It isn't tried again."]
    next_at: Annotated[Moment | None, "When it is tried again."]
    recovered_at: Annotated[Moment | None, "When an event was delivered again; null while none was."]


class NativeWebhookJson(TypedDict):
    """Where a session's events are posted."""

    url: str
    format: Annotated[str, "``native``, or the family whose call set it, and in whose format it is told: ``bare``."]
    events: Annotated[list[str] | None, "What it is told of, in that format's words; null for everything."]
    message_types: Annotated[list[str] | None, "The types of messages that it is told of; null for all."]
    secret: NotRequired[Annotated[str, "What they are signed with; for those who may change the session."]]
    disabled_at: Annotated[Moment | None, "When the endpoint said that it was gone for good."]
    last_failure: Annotated[NativeWebhookFailureJson | None, "Null if none was noted since the webhook was set."]


class NativeProxyJson(TypedDict):
    """What all traffic with WhatsApp goes through."""

    type: ProxyType
    host: str
    port: int
    has_credentials: Annotated[bool, "They are never told again."]


class NativeLastMessageJson(TypedDict):
    """When a session's newest messages passed."""

    inbound: Annotated[Moment | None, "When the newest one came in; null while none did."]
    outbound: Annotated[Moment | None, "When the newest one went out, from here or from another device."]


class NativeSessionJson(TypedDict):
    """A session."""

    id: str
    name: str
    status: Status
    desired: Annotated[Desired, "What its owner wants of it; the status follows."]
    reason: Annotated[str | None, "Why it has this status: a word for programs."]
    message: Annotated[str | None, "The same as a sentence."]
    last_reason: Annotated[LastReasonJson | None, "Why it last wasn't as its owner wanted; stays when it is again."]
    since: Annotated[Moment, "When it got this status."]
    next_at: Annotated[Moment | None, "When the status will change by itself."]
    until: Annotated[Moment | None, "How long WhatsApp refuses the account, where it says so."]
    needs_qr: Annotated[bool, "Somebody must scan a code, whether one is shown already or not."]
    passkey: Annotated[NativePasskeyJson | None, "The passkey that WhatsApp waits for before it links the session."]
    worker: Annotated[NativeWorkerJson | None, "Who serves it, or is on its way to; null while nobody does."]
    last_message: NotRequired[Annotated[NativeLastMessageJson, "Where the one session is asked for; not in lists."]]
    account: Annotated[NativeAccountJson | None, "The account that is linked; null while none is."]
    phone: Annotated[str | None, "The number that the session was created for, with ``+``."]
    phone_mismatch: Annotated[bool, "Another account is linked than that number's."]
    require_phone_match: Annotated[bool, "Such an account is unlinked as soon as it scans."]
    enabled: Annotated[bool, "False: nothing is sent."]
    webhook: NativeWebhookJson | None
    proxy: NativeProxyJson | None
    metadata: Annotated[dict[str, str], "Its owner's own words."]
    created_at: Moment
    connected_at: Annotated[Moment | None, "Since when it is connected, or when it last was."]


class NativeCodeJson(TypedDict):
    """A QR code that can be scanned now."""

    session: str
    code: Annotated[str, "The text in it. A secret: who has it can link the account."]
    image: Annotated[str, "A PNG as data URI."]
    attempt: Annotated[int, "Counts the codes of this scan round, from 1."]
    expires_at: Moment
    pairing_code: Annotated[NativePairingCodeJson | None, "The code to type in its place, if one was asked for."]


class NativeDeletionJson(TypedDict):
    """What became of a session that was deleted."""

    id: str
    deleted: Annotated[bool, "False while that goes on by itself."]
    reason: Annotated[
        Literal["unlink_unconfirmed"] | None,
        "Where WhatsApp couldn't be told: the rest is to be done on the phone.",
    ]
    message: Annotated[str | None, "The same as a sentence."]


def session(
    of: Session, *, with_secret: bool = False, with_options: bool = False, last: LastMessages | None = None
) -> NativeSessionJson:
    """Return a session; with ``last`` it tells when its newest messages passed.

    The secret that its webhooks are signed with is for those who may change it, a passkey's options are for those who
    may link it.
    """
    shape: NativeSessionJson = {
        "id": of.id,
        "name": of.name,
        "status": of.status,
        "desired": of.desired,
        "reason": of.reason,
        "message": of.message,
        "last_reason": last_reason(of),
        "since": iso(of.since),
        "next_at": iso(of.next_at),
        "until": iso(of.until),
        "needs_qr": needs_qr(of),
        "passkey": passkey(of.passkey, with_options=with_options) if of.passkey else None,
        "worker": worker(of),
        "account": _account(of),
        "phone": phone(of.phone),
        "phone_mismatch": of.phone_mismatch,
        "require_phone_match": of.require_phone_match,
        "enabled": of.enabled,
        "webhook": _webhook(of, with_secret=with_secret),
        "proxy": proxy(of.proxy) if of.proxy else None,
        "metadata": dict(of.metadata),
        "created_at": iso(of.created_at),
        "connected_at": iso(of.connected_at),
    }
    if last:
        shape["last_message"] = {"inbound": iso(last.inbound), "outbound": iso(last.outbound)}
    return shape


def proxy(of: Proxy) -> NativeProxyJson:
    """Return a proxy without its credentials."""
    return {"type": of.type, "host": of.host, "port": of.port, "has_credentials": of.username is not None}


def _account(of: Session) -> NativeAccountJson | None:
    device = of.device
    if device is None:
        return None
    lid = f"{device.lid_user}@lid" if device.lid_user else None
    return {"phone": phone(device.phone), "lid": lid, "platform": device.platform}


def _webhook(of: Session, *, with_secret: bool) -> NativeWebhookJson | None:
    if not of.webhook_url:
        return None
    shape: NativeWebhookJson = {
        "url": of.webhook_url,
        "format": of.webhook_format or "native",
        "events": list(of.webhook_events) if of.webhook_events else None,
        "message_types": list(of.webhook_types) if of.webhook_types else None,
        "disabled_at": iso(of.webhook_disabled_at),
        "last_failure": _failure(of.webhook_failure) if of.webhook_failure else None,
    }
    if with_secret and of.webhook_secret:
        shape["secret"] = of.webhook_secret
    return shape


def _failure(of: WebhookFailure) -> NativeWebhookFailureJson:
    return {
        "at": iso(of.at),
        "status": of.status,
        "reason": of.reason,
        "message": sentence(of),
        "event_id": of.event,
        "attempts": of.attempts,
        "given_up": of.given_up,
        "next_at": iso(of.next_at),
        "recovered_at": iso(of.recovered_at),
    }


def code(of: Session, qr: QRCode, now: int) -> NativeCodeJson:
    """Return a code."""
    typed = of.pairing_code_at(now)
    return {
        "session": of.id,
        "code": qr.code,
        "image": qr.image,
        "attempt": qr.attempt,
        "expires_at": iso(qr.expires_at),
        "pairing_code": pairing_code(of, typed) if typed else None,
    }


def deletion(session_id: str, *, gone: bool, reason: str | None) -> NativeDeletionJson:
    """Return what became of a delete; ``gone`` if it is done, else it goes on by itself."""
    unconfirmed = reason is not None
    return {
        "id": session_id,
        "deleted": gone,
        "reason": "unlink_unconfirmed" if unconfirmed else None,
        "message": sentence_of(reason),
    }
