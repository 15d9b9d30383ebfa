"""The client's answers to questions, as what they mean. Neonize's messages come as ``Any``: it has no types."""

from collections.abc import Sequence
from typing import Any, Final

from chalicelib.domain.jid import LIDS, USERS
from chalicelib.domain.questions import Contact, Group

_ROUNDING: Final = 128
"""Seconds."""


def contact(answers: Sequence[Any], numbers: Sequence[str]) -> Contact:
    """Return what WhatsApp said of a number in its forms: the first of ``numbers`` (digits) that is there counts.

    Saying nothing, it knows nobody there. The JID that it answers with is the number's, or the LID's.
    """
    there = {answer.Query.removeprefix("+"): answer.JID for answer in answers if answer.IsIn}
    number = next((number for number in numbers if number in there), None)
    if number is None:
        return Contact(exists=False)
    jid = there[number]
    if jid.Server == LIDS:
        return Contact(exists=True, jid=f"{number}@{USERS}", lid=_jid(jid))
    return Contact(exists=True, jid=_jid(jid))


def group(info: Any) -> Group:
    """Return a group; its owner by phone number where WhatsApp tells it, else by LID."""
    return Group(
        jid=f"{info.JID.User}@{info.JID.Server}",
        name=info.GroupName.Name,
        topic=info.GroupTopic.Topic,
        owner=_jid(info.OwnerPN) or _jid(info.OwnerJID),
        created=_created(info),
    )


def _created(info: Any) -> int | None:
    """Return when a group was made. The library rounds that to a float of 32 bits, in steps of 128 s by now.

    The time that its name was set at comes whole, and is the same unless it was renamed.
    """
    rounded, named_at = int(info.GroupCreated), int(info.GroupName.NameSetAt)
    return (named_at if abs(named_at - rounded) <= _ROUNDING else rounded) or None


def _jid(jid: Any) -> str | None:
    return f"{jid.User}@{jid.Server}" if jid.User else None
