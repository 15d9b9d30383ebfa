"""The client's answers to questions, as what they mean. Neonize's messages come as ``Any``: it has no types."""

from collections.abc import Sequence
from typing import Any, Final

from chalicelib.domain.questions import Contact, Group

_ROUNDING: Final = 128
"""Seconds."""


def contact(answers: Sequence[Any]) -> Contact:
    """Return what WhatsApp said of the one number that was asked about; saying nothing, it knows nobody there."""
    found = next((answer for answer in answers if answer.IsIn), None)
    return Contact(exists=False) if found is None else Contact(exists=True, jid=_jid(found.JID))


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
