"""Unknown fields of a body that look like known ones: other spellings, other families' words, slips of the pen."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

SYNONYMS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(words.split())
    for words in (
        "phone phonenumber number mobile msisdn tel telephone",
        "to phone phonenumber number recipient receiver chatid jid",
        "message text body content msg",
        "webhookurl webhook url callbackurl callback hook hookurl",
        "sessionid session sessionname instanceid instance",
        "phone sessionid session",
        "recipients numbers phones phonenumbers contacts to",
        "username user login email",
        "password pass passwd",
        "newpassword password",
        "oldpassword currentpassword",
        "enabled active isactive isenabled",
        "disabled enabled active isactive",
        "expiresindays expiresin expirydays days",
        "id tenant tenantid",
    )
)
"""Words for the same thing, as ``_plain`` writes them."""
_SHORTEST_SLIP: Final = 5
"""Letters that a name must have for a slip of the pen to be seen in it: short words are too much like each other."""
_LONGEST: Final = 40
_MOST: Final = 50
"""Letters of a name, and unknown names, that are looked at: comparing costs time."""
_ALIKE: Final = 0.85


def meant(given: Sequence[str], known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each unknown name in ``given`` with the one in ``known`` that it stands for, if that isn't given itself."""
    have = set(given) & set(known)
    unknown = [name for name in given if name not in have and len(name) <= _LONGEST]
    for name in unknown[:_MOST]:
        found = _known_for(_plain(name), known, have)
        if found:
            yield name, found


def _known_for(name: str, known: Sequence[str], have: set[str]) -> str | None:
    by_plain = {_plain(one): one for one in known}
    if name in by_plain:
        return None if by_plain[name] in have else by_plain[name]
    for synonyms in SYNONYMS:
        # In the known fields' order: the first of two that mean the same is the one to use.
        same = [one for plain, one in by_plain.items() if plain in synonyms] if name in synonyms else []
        if same:
            if have.isdisjoint(same):
                return same[0]
            return None
    if len(name) >= _SHORTEST_SLIP:
        # Imported late: hardly any body has an unknown field.
        from difflib import get_close_matches  # noqa: PLC0415

        near = [by_plain[one] for one in get_close_matches(name, list(by_plain), n=1, cutoff=_ALIKE)]
        if near and near[0] not in have:
            return near[0]
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
