"""Tags of the stack, which CloudFormation gives to what it makes; workers' tasks have them by their definition."""

from collections.abc import Mapping
from typing import Any, Final

from infra.deploy import CannotDeploy

OWN: Final = {"application": "switchboard"}
"""What every stack has, unless it is chosen otherwise."""
MOST: Final = 50
"""Tags that AWS lets a resource have."""
KEY_LETTERS: Final = 128
VALUE_LETTERS: Final = 256
MAILBOXES_LETTERS: Final = 1000
"""What all tags of the workers' queues may have together: a function's environment has 4 KB."""
SIGNS: Final = frozenset(" _.:/=+-@")
"""What is allowed beside letters and digits. A comma isn't, so it can stand between tags."""


def read_tags(text: str) -> Mapping[str, str]:
    """Return the tags of a text like ``team=messaging,cost-centre=42``; raises CannotDeploy."""
    tags: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else []:
        key, given, value = (one.strip() for one in pair.partition("="))
        if not given or not key:
            raise CannotDeploy(f"TAGS={text} isn't understood. Write it like TAGS='team=messaging,cost-centre=42'.")
        _check(key, value)
        if key in tags:
            raise CannotDeploy(f"TAGS has {key} twice.")
        tags[key] = value
    if len(OWN | tags) > MOST:
        raise CannotDeploy(f"TAGS has too many tags: AWS takes {MOST}, and {len(OWN)} of them is Switchboard's own.")
    return tags


def tagged(chosen: Mapping[str, str] | None, before: Mapping[str, str]) -> Mapping[str, str]:
    """Return all tags that the stack is to have; ``chosen`` None leaves it those that it had ``before``."""
    return OWN | dict(before if chosen is None else chosen)


def listed(tags: Mapping[str, str]) -> list[Any]:
    """Return the tags as most of AWS's calls take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def said_of_mailboxes(tags: Mapping[str, str]) -> str:
    """Return the tags as the parameter ``MailboxTags`` has them, for the queues that the functions make.

    Those that have no room in the functions' environment, or couldn't be read there, are left out.
    """
    said = ""
    for key, value in tags.items():
        longer = f"{said},{key}={value}".removeprefix(",")
        if len(longer) <= MAILBOXES_LETTERS and not set(",=") & set(key) and "," not in value:
            said = longer
    return said


def _check(key: str, value: str) -> None:
    if len(key) > KEY_LETTERS or len(value) > VALUE_LETTERS:
        raise CannotDeploy(
            f"The tag {key} is too long: AWS takes {KEY_LETTERS} letters, and {VALUE_LETTERS} for a value."
        )
    if key.lower().startswith("aws:"):
        raise CannotDeploy(f"The tag {key} can't be: names that begin with aws: are AWS's own.")
    if not all(one.isalnum() or one in SIGNS for one in key + value):
        raise CannotDeploy(f"The tag {key} has a sign that AWS doesn't take in tags.")
