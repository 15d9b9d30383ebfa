"""What a message says sealed by the secret of the one that it is about: votes, reactions, comments, answers, edits.

The names in a seal are of one kind, LIDs or numbers, and which kind isn't told. Opening tries each name that writer and
speaker go by, and the cipher says which ones were meant.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from chalicelib.wire.addons import AddOn, Use, WrongSecret, option_hash
from chalicelib.wire.proto.message_pb2 import PollVoteMessage

LARGEST: Final = 300_000
"""Bytes of a sealed text: the longest message that is kept, and what is around it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something sealed for a ``use`` (see ``Use``)."""

    use: Use
    payload: bytes = field(repr=False)
    iv: bytes = field(repr=False)


def sealed_vote(options: Sequence[str], secret: bytes, *, poll: str, author: str, voter: str) -> Sealed:
    """Return a vote for ``options`` in the poll of that WhatsApp id and secret; ``author`` and ``voter`` are JIDs."""
    vote = PollVoteMessage(selectedOptions=[option_hash(option) for option in options])
    payload, iv = AddOn(Use.POLL_VOTE, poll, author, voter).seal(secret, vote.SerializeToString())
    return Sealed(Use.POLL_VOTE, payload, iv)


def opened(
    sealed: Sealed, secret: bytes, *, target: str, authors: Sequence[str], speakers: Sequence[str]
) -> bytes | None:
    """Return what was sealed about the message ``target`` (WhatsApp's id); None if it doesn't open.

    ``authors`` are the JIDs that the target's writer goes by, ``speakers`` those of who sealed it.
    """
    for author, speaker in product(authors, speakers):
        with suppress(WrongSecret):
            return AddOn(sealed.use, target, author, speaker).open(secret, sealed.payload, sealed.iv)
    return None
