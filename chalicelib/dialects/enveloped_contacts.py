"""Seed 001's answers about people and groups.

The system behind the document answers ``check-number`` without its envelope: one body has both shapes.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from chalicelib.dialects.envelope import Success, success
from chalicelib.domain.questions import Contact, Group, GroupList


class CheckedJson(TypedDict):
    """Whether a number is on WhatsApp."""

    exists: bool
    number: Annotated[str, "As it was asked for."]
    jid: NotRequired[Annotated[str, "Its JID there, in the form that WhatsApp knows; absent where it isn't there."]]
    lid: NotRequired[Annotated[str, "The JID of the person's LID, where it is known."]]


class CheckedAnswerJson(CheckedJson):
    """The same in the envelope and beside it: clients read the one or the other."""

    success: Literal[True]
    data: CheckedJson


class GroupJson(TypedDict):
    """A group that the account is in."""

    jid: str
    name: str
    topic: Annotated[str | None, "Its description; null where an answer with all of them would be too large."]
    owner: Annotated[str | None, "The JID of who made it; null where WhatsApp tells none."]
    created: Annotated[int | None, "Seconds since the Unix epoch."]


class GroupsJson(Success[list[GroupJson]]):
    """All groups of an account."""

    complete: Annotated[bool, "False if they were too many for an answer: then some are missing."]


def checked(number: str, found: Contact) -> CheckedAnswerJson:
    """Return whether ``number``, written as the caller did, is on WhatsApp."""
    answer: CheckedJson = {"exists": found.exists, "number": number}
    if found.jid:
        answer["jid"] = found.jid
    if found.lid:
        answer["lid"] = found.lid
    return {"success": True, "data": answer, **answer}


def groups(found: GroupList) -> GroupsJson:
    """Return the groups."""
    return {**success([_group(one) for one in found.groups]), "complete": found.complete}


def _group(of: Group) -> GroupJson:
    return {"jid": of.jid, "name": of.name, "topic": of.topic, "owner": of.owner, "created": of.created}
