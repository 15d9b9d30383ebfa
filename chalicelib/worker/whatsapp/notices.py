"""The library's events of groups and of calls, as messages in the chat that they happened in.

WhatsApp has no id for them. A ``mark`` stands in its place that follows from what happened and when, so that what is
told twice is kept once. People are named by LID, by number or by both, as in messages.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

from chalicelib.domain import content as c
from chalicelib.domain.content import CallState, Content, GroupChange, GroupEvent, GroupMember, PhoneCall, clipped
from chalicelib.domain.jid import GROUPS, LIDS
from chalicelib.domain.messages import Party
from chalicelib.domain.session import Device
from chalicelib.services.messages.store import Received
from chalicelib.worker.whatsapp.client import Incoming
from chalicelib.worker.whatsapp.incoming import PhoneOf, named, party_of

_MEMBERS: Final = (
    ("Join", GroupChange.JOINED),
    ("Leave", GroupChange.LEFT),
    ("Promote", GroupChange.PROMOTED),
    ("Demote", GroupChange.DEMOTED),
)
"""The lists of members that a GroupInfoEv may have, and what has become of those in them."""


def group_events(event: Any, own: Device | None, phone_of: PhoneOf) -> list[Incoming]:
    """Return what a GroupInfoEv tells, a message for each change; none of a change that has no word here."""
    sender = party_of([event.Sender] if event.HasField("Sender") else [], "", phone_of)
    chat, at = f"{event.JID.User}@{event.JID.Server}", _milliseconds(event.Timestamp)
    told = [*_members(event, phone_of), *_settings(event)]
    return [_notice(content, chat, sender, at, own, mark=f"{at} {_digest(content)}") for content in told]


def joined(event: Any, own: Device | None, phone_of: PhoneOf, *, now: int) -> Incoming:
    """Return what a JoinedGroupEv tells: the account is a member of a group from now on (milliseconds)."""
    group = event.GroupInfo
    jids = [getattr(event, name) for name in ("Sender", "SenderPN") if event.HasField(name)]
    content = GroupEvent(GroupChange.ADDED, value=_text(group.GroupName.Name))
    chat = f"{group.JID.User}@{group.JID.Server}"
    return _notice(content, chat, party_of(jids, "", phone_of), now, own, mark=f"{now} added")


def offered(event: Any, own: Device | None, phone_of: PhoneOf) -> Incoming:
    """Return a CallOfferEv's call, which rings."""
    video = any(node.Tag == "video" for node in event.data.Nodes)
    return _call(event, CallState.OFFERED, own, phone_of, video=video)


def group_offered(event: Any, own: Device | None, phone_of: PhoneOf) -> Incoming:
    """Return a CallOfferNoticeEv's call, which rings for several, as a rule in a group."""
    video, group = event.media == "video", event.type == "group"
    return _call(event, CallState.OFFERED, own, phone_of, video=video, group=group)


def accepted(event: Any, own: Device | None, phone_of: PhoneOf) -> Incoming:
    """Return a CallAcceptEv's call: another device took it."""
    return _call(event, CallState.ACCEPTED, own, phone_of)


def ended(event: Any, own: Device | None, phone_of: PhoneOf) -> Incoming:
    """Return a CallTerminateEv's call."""
    return _call(event, CallState.ENDED, own, phone_of, reason=_text(event.reason))


def _call(event: Any, state: str, own: Device | None, phone_of: PhoneOf, **known: Any) -> Incoming:
    meta = event.basicCallMeta
    caller = party_of((meta.callCreator, meta.callCreatorAlt), "", phone_of)
    call = PhoneCall(_text(meta.callID), state, **known)
    chat, lid = named(caller, meta.callCreator), f"{caller.lid}@{LIDS}" if caller.lid else None
    at = _milliseconds(meta.timestamp)
    return _notice(call, chat, caller, at, own, mark=f"{call.id} {state}", chat_lid=lid)


def _members(event: Any, phone_of: PhoneOf) -> Iterable[GroupEvent]:
    for name, change in _MEMBERS:
        jids = getattr(event, name)[: c.MOST_MEMBERS]
        parties = [party_of([jid], "", phone_of) for jid in jids]
        if parties:
            yield GroupEvent(change, tuple(GroupMember(party.phone, party.lid) for party in parties))


def _settings(event: Any) -> Iterable[Content]:
    if event.HasField("Name"):
        yield GroupEvent(GroupChange.SUBJECT, value=_text(event.Name.Name))
    if event.HasField("Topic"):
        topic = None if event.Topic.TopicDeleted else _text(event.Topic.Topic, c.LONGEST_DESCRIPTION)
        yield GroupEvent(GroupChange.DESCRIPTION, value=topic)
    if event.HasField("Locked"):
        yield GroupEvent(GroupChange.LOCKED if event.Locked.isLocked else GroupChange.UNLOCKED)
    if event.HasField("Announce"):
        yield GroupEvent(GroupChange.CLOSED if event.Announce.IsAnnounce else GroupChange.OPENED)
    if event.HasField("Ephemeral"):
        yield c.Timer(event.Ephemeral.DisappearingTimer if event.Ephemeral.IsEphemeral else 0)
    if event.HasField("NewInviteLink"):
        # The link itself lets anybody in.
        yield GroupEvent(GroupChange.INVITE_LINK)
    if event.HasField("Delete") and event.Delete.Deleted:
        yield GroupEvent(GroupChange.DELETED)


def _notice(
    content: Content,
    chat: str,
    sender: Party,
    at: int,
    own: Device | None,
    *,
    mark: str,
    chat_lid: str | None = None,
) -> Incoming:
    return Incoming(
        Received(
            whatsapp_id=None,
            chat=chat,
            sender=sender,
            at=at,
            content=content,
            # Of a group that is what the account did itself; who calls itself is nobody.
            from_me=chat.endswith(f"@{GROUPS}") and _is(sender, own),
            chat_lid=chat_lid,
            mark=mark,
        )
    )


def _is(party: Party, own: Device | None) -> bool:
    if own is None:
        return False
    lid = own.lid.partition("@")[0].partition(":")[0] if own.lid else None
    return (party.lid is not None and party.lid == lid) or party.phone == own.phone


def _digest(content: Content) -> str:
    """Return what tells a change from another one of the same second."""
    said: Sequence[Any] = (content.type, c.stored(content))
    return sha256(repr(said).encode()).hexdigest()[:16]


def _milliseconds(seconds: int) -> int:
    return max(seconds, 0) * 1000


def _text(value: Any, longest: int = c.LONGEST_NAME) -> str | None:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return clipped(text, longest) if text else None
