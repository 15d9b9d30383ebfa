"""``python -m tests.docs.types_page`` writes docs/messages.md: each type of message, each way, in each dialect.

What the native API can send are the classes of its drafts, what comes in is the content union; the families' routes are
named here with what they send. A cell is there where a test holds it, and without a test for a type there is no page.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any, Final, get_args

from msgspec.structs import fields

from app import app
from chalicelib.api.native import drafts
from chalicelib.dialects.native.messages import OBJECTS, TYPES
from tests.flows.test_types import RECEIVED, SENT

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = ROOT / "docs" / "messages.md"

_FLOW: Final = "flows/test_types.py"
_FAMILY_FLOW: Final = "flows/test_family_messages.py"
_ENVELOPED: Final = (_FAMILY_FLOW, "test_the_enveloped_api_sends_what_comes_along_replies_and_passes_on")
_BARES: Final = (_FAMILY_FLOW, "test_the_bare_api_sends_files_passes_on_to_many_and_reads")
_LETSBOTS: Final = (_FAMILY_FLOW, "test_letsbot_sends_files_places_and_contacts")
_LETSBOT_ACTS: Final = (_FAMILY_FLOW, "test_letsbot_answers_reacts_reads_types_and_deletes")
_TEXT: Final = ("flows/test_groups.py", "test_a_text_to_a_group_arrives_with_every_member_and_is_answered")
_EDITS: Final = "test_a_reaction_an_edit_and_a_deletion_change_what_the_phone_shows"
_CHANGES: Final = "test_what_came_in_is_edited_reacted_to_pinned_and_deleted"
_RAW: Final = "test_what_phones_send_as_whatsapp_has_it_is_told"
_CALLS: Final = "test_a_call_is_told_and_a_group_s_changes_are"

_NATIVE_ACTS: Final = {
    "edited": ("PATCH /v1/sessions/{id}/messages/{message_id}", _EDITS),
    "deleted": ("DELETE /v1/sessions/{id}/messages/{message_id}", _EDITS),
}
"""What the native API sends by routes of their own."""
_OUT: Final = {
    "reaction": _EDITS,
    "poll_vote": "test_a_vote_is_counted_in_polls_of_either_side",
    "forward": "test_a_reply_quotes_mentions_and_a_forward_says_how_often",
}
_IN: Final = {
    "edited": _CHANGES,
    "deleted": _CHANGES,
    "reaction": _CHANGES,
    "pin": _CHANGES,
    "poll_vote": _OUT["poll_vote"],
    "keep": _RAW,
    "choice": _RAW,
    "event": _RAW,
    "event_response": _RAW,
    "comment": _RAW,
    "unsupported": _RAW,
    "group_event": _CALLS,
    "call": _CALLS,
    "unavailable": "test_what_may_be_seen_once_is_unavailable_and_an_album_s_children_name_it",
    "undecryptable": "test_what_can_t_be_read_is_undecryptable",
    "forward": "test_a_reply_a_mention_and_a_forward_are_told",
}
_AT, _BARE = "POST /api/sessions/{id}", "POST /sessions/{id}"
_FAMILIES: Final[dict[str, dict[str, tuple[str, str, str]]]] = {
    "Envelope": {
        "text": (f"{_AT}/send", *_TEXT),
        "image": (f"{_AT}/send-image", *_ENVELOPED),
        "video": (f"{_AT}/send-file-url", *_ENVELOPED),
        "audio": (f"{_AT}/send-file-url", *_ENVELOPED),
        "document": (f"{_AT}/send-attachment", *_ENVELOPED),
        "location": (f"{_AT}/send-location", *_ENVELOPED),
        "forward": (f"{_AT}/forward", *_ENVELOPED),
    },
    "Bare": {
        "text": (f"{_BARE}/send-message", *_TEXT),
        "image": (f"{_BARE}/send-media", *_BARES),
        "video": (f"{_BARE}/send-media", *_BARES),
        "audio": (f"{_BARE}/send-media", *_BARES),
        "document": (f"{_BARE}/send-media", *_BARES),
        "forward": (f"{_BARE}/forward-message-bulk", *_BARES),
    },
    "LetsBot": {
        "video": ("POST /api/v1/send/video", *_LETSBOTS),
        "document": ("POST /api/v1/send/file", *_LETSBOTS),
        "sticker": ("POST /api/v1/message/send/sticker", *_LETSBOTS),
        "image": ("POST /api/v1/send/image", *_LETSBOTS),
        "audio": ("POST /api/v1/send/ptt", *_LETSBOTS),
        "location": ("POST /api/v1/send/location", *_LETSBOTS),
        "contact": ("POST /api/v1/send/contact", *_LETSBOTS),
        "text": ("POST /api/v1/message/send/reply", *_LETSBOT_ACTS),
        "reaction": ("POST /api/v1/message/send/reaction", *_LETSBOT_ACTS),
        "deleted": ("DELETE /api/v1/message/delete", *_LETSBOT_ACTS),
    },
}
"""What each family sends: the route, and where and by what it is tested."""

HEAD: Final = """# Types of messages

What is sent and what is told of what comes in, by type, way and dialect. Each number names the test that holds it: the
list of them is below, and those under `tests/flows` go through a real worker to a virtual phone, or from it. A cell
without a number: that isn't there. Of each type the native API's objects have the same fields both ways
([api.md](api.md#messages-of-the-native-api)). What comes in is told alike by its list, in webhooks and on the WebSocket;
the lists of `/api` and `/sessions` tell it in their words. The companies' dialect sends texts, and Socket.IO tells of
sessions alone. Statuses are sent (`status@broadcast`), and those of others aren't told. Chats older than the link aren't
imported.

{told_alone}

To try it, [api.md](api.md#messages-of-the-native-api) sends one message of each type, by the files that it makes first, and
fetches a file that came in: its lines run as they stand beside `make run`. The other side is a virtual phone, which shows and
writes all types too ([phones.md](phones.md)).

This page is made by `make types`.
"""

TOLD_ALONE: Final = (
    "An object that was told can't always be posted as it is: what is found out here, or said by WhatsApp alone, is "
    "refused by name in what is sent: {}."
)


def page() -> str:
    """Return docs/messages.md as the code would have it."""
    tests: list[str] = []

    def cell(found: tuple[str, str] | None) -> str:
        if found is None:
            return ""
        file, name = found
        if name not in _functions(file):
            raise LookupError(f"{file} has no {name}")
        whole = f"{file}::{name}"
        if whole not in tests:
            tests.append(whole)
        return f"[{tests.index(whole) + 1}](../tests/{file})"

    head = ["type", "native: sent", "native: received"]
    head += [f"{name}: {way}" for name in _FAMILIES for way in ("sent", "received") if way == "sent" or _lists(name)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name in _rows():
        cells = [f"`{name}`", cell(_native(name)), cell(_received(name))]
        for family in _FAMILIES:
            cells.append(cell(_of_family(family, name)))
            if _lists(family):
                cells.append(cell(_received(name)))
        lines.append("| " + " | ".join(cells) + " |")
    named = [f"{place}. `tests/{one}`" for place, one in enumerate(tests, 1)]
    told = fill(TOLD_ALONE.format(", ".join(f"`{name}`" for name in _told_alone())), 122, break_on_hyphens=False)
    return "\n".join([HEAD.format(told_alone=told), *lines, "", "## The tests", "", *named, ""])


def _rows() -> Iterator[str]:
    yield from TYPES
    yield from sorted(_drafts() - set(TYPES))


def _drafts() -> set[str]:
    """Return the types that the native API can send by a draft."""
    kinds: tuple[Any, ...] = get_args(drafts.NativeDraft)
    possible = [kind for kind in kinds if hasattr(kind, "client_ref")]
    return {str(kind.__struct_config__.tag) for kind in possible}


def _told_alone() -> list[str]:
    """Return the fields of messages' objects that are told and can't be sent, though the type can.

    They are named with their type where others can be sent with a field of that name.
    """
    told, sent = set(), set()
    for kind in get_args(drafts.NativeDraft):
        name = str(kind.__struct_config__.tag)
        draft = {field.encode_name: field.type for field in fields(kind)}.get(name)
        if name in OBJECTS and draft is not None:
            taken = {field.encode_name for field in fields(draft)}
            told |= {(name, field) for field in get_args(OBJECTS[name])[0].__annotations__ if field not in taken}
            sent |= taken
    return sorted({f"{name}.{field}" if field in sent else field for name, field in told})


def _native(name: str) -> tuple[str, str] | None:
    if name in _NATIVE_ACTS:
        route, test = _NATIVE_ACTS[name]
        return _routed(route, _FLOW, test)
    if name not in _drafts():
        return None
    if name in {case.type for case in SENT.values()}:
        return _FLOW, "test_what_is_sent_is_shown_by_the_phone"
    return _FLOW, _OUT[name]


def _received(name: str) -> tuple[str, str]:
    if name in {case.type for case in RECEIVED.values()}:
        return _FLOW, "test_what_a_phone_sends_is_told_alike_everywhere"
    return _FLOW, _IN[name]


def _of_family(family: str, name: str) -> tuple[str, str] | None:
    found = _FAMILIES[family].get(name)
    return _routed(*found) if found else None


def _lists(family: str) -> bool:
    """Whether the family's list is compared with the native one, message by message."""
    return family in {"Envelope", "Bare"}


def _routed(route: str, file: str, name: str) -> tuple[str, str]:
    method, path = route.split()
    if method not in app.routes[path]:
        raise LookupError(route)
    return file, name


@cache
def _functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))


if __name__ == "__main__":
    PAGE.write_text(page())
