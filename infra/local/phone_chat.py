"""The phones' commands for chatting: add, say, reply, edit, delete, react, locate, document, inbox, read, group."""

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from infra.local.phone_stack import call

_ID: Final = {"required": True, "help": "the message's id: say prints it, and a session's message_id"}
_KINDS: Final[dict[str, tuple[str, str, dict[str, dict[str, Any]]]]] = {
    "reply": ("reply", "reply to a message", {"--id": _ID, "text": {}}),
    "edit": ("edit", "change what the phone wrote", {"--id": _ID, "text": {}}),
    "delete": ("delete", "delete for everybody what the phone wrote", {"--id": _ID}),
    "react": ("react", "react to a message", {"--id": _ID, "emoji": {"help": "an empty one takes it back"}}),
    "locate": (
        "location",
        "send a place",
        {
            "--latitude": {"type": float, "required": True, "metavar": "DEGREES"},
            "--longitude": {"type": float, "required": True, "metavar": "DEGREES"},
            "--name": {},
            "--address": {},
        },
    ),
    "document": (
        "document",
        "announce a document, without a file behind it",
        {"--file-name": {"required": True}, "--mimetype": {}, "--caption": {}},
    ),
}
"""The verbs for what is no plain text: their kind, their help, and their arguments besides who writes to whom."""


def add(commands: Any) -> None:
    """Add the commands to the command line's."""
    new = commands.add_parser("add", help="put a phone on WhatsApp without linking anything")
    new.add_argument("number")
    new.add_argument("--name", help="the name that the phone's owner shows")
    new.set_defaults(run=_add)
    say = commands.add_parser("say", help="send a text from a phone")
    say.add_argument("--from", dest="sender", required=True, metavar="N", help="the phone's number")
    say.add_argument("--to", required=True, metavar="M", help="a phone's number, or a linked session's")
    say.add_argument("text")
    say.set_defaults(run=_say)
    for verb, (kind, help_text, arguments) in _KINDS.items():
        other = commands.add_parser(verb, help=help_text)
        other.add_argument("--from", dest="sender", required=True, metavar="N", help="the phone's number")
        other.add_argument("--to", required=True, metavar="M", help="whose chat it is: the other number")
        for argument, about in arguments.items():
            other.add_argument(argument, **about)
        other.set_defaults(run=_send, kind=kind, fields=[one.lstrip("-").replace("-", "_") for one in arguments])
    inbox = commands.add_parser("inbox", help="show what a phone sent and received, the newest last")
    inbox.add_argument("number")
    inbox.set_defaults(run=_inbox)
    read = commands.add_parser("read", help="read all that came in; the senders are told")
    read.add_argument("number")
    read.set_defaults(run=_read)
    group = commands.add_parser("group", help="make a group of a phone and others")
    group.add_argument("number", help="the number of the phone that makes it")
    group.add_argument("--name", required=True, help="the group's name")
    group.add_argument("--topic", help="its description")
    group.add_argument("--with", dest="others", default="", metavar="N,M", help="who else is in it")
    group.set_defaults(run=_group)


def _add(options: Namespace) -> str:
    phone = call(options, _path(options.number), {"name": options.name})
    return f"{phone['number']} is on WhatsApp as {phone['name']}."


def _say(options: Namespace) -> str:
    sent = call(options, _path(options.sender, "say"), {"to": options.to, "text": options.text})
    return f"{sent['from']} has sent {sent['to']} the message {sent['id']}."


def _send(options: Namespace) -> str:
    given = {name: getattr(options, name) for name in options.fields}
    wanted = {"to": options.to, "kind": options.kind, **{k: v for k, v in given.items() if v is not None}}
    sent = call(options, _path(options.sender, "send"), wanted)
    return f"{sent['from']} has sent {sent['to']} the message {sent['id']}."


def _inbox(options: Namespace) -> str:
    inbox = call(options, _path(options.number, "inbox"))
    return "\n".join(_line(letter) for letter in inbox["messages"]) or f"{inbox['number']} has no messages yet."


def _read(options: Namespace) -> str:
    done = call(options, _path(options.number, "read"), {})
    count = done["read"]
    return f"{done['number']} has read {'1 message' if count == 1 else f'{count} messages'}."


def _group(options: Namespace) -> str:
    others = [number for number in options.others.split(",") if number]
    wanted = {"name": options.name, "topic": options.topic, "with": others}
    made = call(options, _path(options.number, "groups"), wanted)
    count = len(made["members"])
    return f"{made['made_by']} has made the group {made['jid']} of {'1 phone' if count == 1 else f'{count} phones'}."


def _line(letter: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(letter["at"] / 1000, UTC).astimezone()
    whom = f"from {letter['from']}" if letter["direction"] == "in" else f"to {letter['to']}"
    text = "(not a text)" if letter["text"] is None else _shown(letter["text"])
    return f"{at:%Y-%m-%d %H:%M:%S}  {whom} ({letter['state']}): {text}"


def _shown(text: str) -> str:
    """On the terminal a text from elsewhere may hold letters and line breaks, and nothing that commands it."""
    return "".join(
        one if one.isprintable() else "\n    " if one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text
    )


def _path(number: str, act: str = "") -> str:
    return "/".join(("phones", quote(number, safe=""), *([act] if act else [])))
