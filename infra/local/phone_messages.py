"""The verbs by which virtual phones write, change and show messages, are online, type and call."""

import json
import mimetypes
from argparse import Namespace
from base64 import b64encode
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from infra.local.phone_control import Failed, call, fetch, path, put, readable

_Arguments = dict[str, dict[str, Any]]

_ID: Final = {"required": True, "help": "the message's id: say prints it, and a session's message_id"}
_DEGREES: Final = {"type": float, "required": True, "metavar": "DEGREES"}
_SECONDS: Final = {"type": int, "metavar": "SECONDS", "help": "how long it plays"}
_FLAG: Final = {"action": "store_true"}
_CONTEXT: Final[_Arguments] = {
    "--quote": {"metavar": "ID", "help": "the message that is replied to"},
    "--mention": {"dest": "mentions", "action": "append", "metavar": "N", "help": "whom the text names as @N"},
    "--forwarded": {"type": int, "metavar": "TIMES", "help": "how often it was forwarded"},
}
_MEDIA: Final[_Arguments] = {
    "file": {"type": Path},
    "--mimetype": {"help": "else what the file's name says"},
    **_CONTEXT,
}
_CAPTION: Final[_Arguments] = {"--caption": {}}
_ONCE: Final[_Arguments] = {"--view-once": {**_FLAG, "help": "linked devices hear only that there is something"}}

_KINDS: Final[dict[str, tuple[str, str, _Arguments]]] = {
    "send-text": (
        "text",
        "send a text that quotes, mentions or previews something",
        {
            "text": {},
            **_CONTEXT,
            "--preview-url": {"metavar": "URL", "help": "the link in the text that is previewed"},
            "--preview-title": {"metavar": "TITLE"},
            "--preview-description": {"metavar": "WORDS"},
        },
    ),
    "send-image": ("image", "send a picture", {**_MEDIA, **_CAPTION, **_ONCE}),
    "send-video": ("video", "send a video", {**_MEDIA, **_CAPTION, **_ONCE, "--seconds": _SECONDS}),
    "send-gif": ("gif", "send an MP4 that plays as a GIF does", {**_MEDIA, **_CAPTION, "--seconds": _SECONDS}),
    "send-round": ("round", "send a video message", {**_MEDIA, "--seconds": _SECONDS}),
    "send-audio": ("audio", "send a sound", {**_MEDIA, "--seconds": _SECONDS}),
    "send-voice": ("voice", "send a voice message", {**_MEDIA, **_ONCE, "--seconds": _SECONDS}),
    "send-sticker": ("sticker", "send a sticker", {**_MEDIA, "--animated": _FLAG}),
    "send-document": ("document", "send a file", {**_MEDIA, **_CAPTION, "--file-name": {}, "--title": {}}),
    "send-live-location": (
        "live_location",
        "send where the phone is while it moves",
        {"--latitude": _DEGREES, "--longitude": _DEGREES, "--caption": {}, **_CONTEXT},
    ),
    "send-contact": (
        "contact",
        "send a contact",
        {"--name": {"required": True}, "--number": {"required": True, "metavar": "N"}, **_CONTEXT},
    ),
    "send-poll": (
        "poll",
        "ask a question with options",
        {
            "question": {},
            "--option": {"dest": "options", "action": "append", "required": True, "help": "2 to 12 of them"},
            "--selectable": {"type": int, "metavar": "COUNT", "help": "how many may be chosen; any number without it"},
            **_CONTEXT,
        },
    ),
    "vote": ("vote", "vote in a poll; for nothing takes the vote back", {"--id": _ID, "options": {"nargs": "*"}}),
    "forward": (
        "forward",
        "forward a message of the chat, or of another",
        {"--id": _ID, "--chat": {"metavar": "N", "help": "the other chat's number"}},
    ),
    "pin": ("pin", "pin a message for everybody", {"--id": _ID, "--undo": _FLAG}),
    "timer": ("timer", "let the chat's messages disappear, 0 never", {"seconds": {"type": int}}),
    "send-raw": ("raw", "send WhatsApp's own message, whatever it is", {"message": {"help": "in hexadecimal"}}),
    "reply": ("reply", "reply to a message", {"--id": _ID, "text": {}}),
    "edit": (
        "edit",
        "change what the phone wrote",
        {"--id": _ID, "--encrypted": {**_FLAG, "help": "as newer phones do"}, "text": {}},
    ),
    "delete": ("delete", "delete for everybody what the phone wrote, or in its group anybody", {"--id": _ID}),
    "react": ("react", "react to a message", {"--id": _ID, "emoji": {"help": "an empty one takes it back"}}),
    "locate": (
        "location",
        "send a place",
        {"--latitude": _DEGREES, "--longitude": _DEGREES, "--name": {}, "--address": {}},
    ),
    "document": (
        "document",
        "announce a document, without a file behind it",
        {"--file-name": {"required": True}, "--mimetype": {}, "--caption": {}},
    ),
}
"""The verbs for what is no plain text: their kind, their help, and their arguments besides who writes to whom."""


def add_message_commands(commands: Any) -> None:
    """Add the commands to the command line's."""
    new = commands.add_parser("add", help="put a phone on WhatsApp without linking anything")
    new.add_argument("number")
    new.add_argument("--name", help="the name that the phone's owner shows")
    new.add_argument("--hosted", action="store_true", help="a business whose messages WhatsApp hosts")
    new.set_defaults(run=_add)
    say = commands.add_parser("say", help="send a text from a phone")
    _name_chat(say, "a phone's number, a linked session's, or a group's JID")
    say.add_argument("text")
    say.set_defaults(run=_say)
    for verb, (kind, help_text, arguments) in _KINDS.items():
        other = commands.add_parser(verb, help=help_text)
        _name_chat(other, "whose chat it is: the other number, or a group's JID")
        fields = [other.add_argument(argument, **about).dest for argument, about in arguments.items()]
        other.set_defaults(run=_send, kind=kind, fields=fields)
    status = commands.add_parser("status", help="publish a status text")
    status.add_argument("--from", dest="sender", required=True, metavar="N", help="the phone's number")
    status.add_argument("--to", required=True, action="append", metavar="M", help="who sees it; for each another --to")
    status.add_argument("text")
    status.set_defaults(run=_status)
    inbox = commands.add_parser("inbox", help="show what a phone sent and received, the newest last")
    inbox.add_argument("number")
    inbox.set_defaults(run=_inbox)
    for verb, run, help_text in (
        ("show", _show, "show all of a message as JSON: its fields, its context, and what was said about it"),
        ("save-media", _save_media, "write the file that came with a message"),
    ):
        one = commands.add_parser(verb, help=help_text)
        one.add_argument("number", help="the phone's number")
        one.add_argument("id", help="the message's id")
        one.set_defaults(run=run)
        if verb == "save-media":
            one.add_argument("file", type=Path)
    read = commands.add_parser("read", help="read all that came in; the senders are told")
    read.add_argument("number")
    read.set_defaults(run=_read)
    play = commands.add_parser("play", help="play a sound or a video message that came in; its sender is told")
    _name_chat(play, "whose chat it is: the other number, or a group's JID")
    play.add_argument("--id", **_ID)
    play.set_defaults(run=_play)
    _add_presence_commands(commands)


def _add_presence_commands(commands: Any) -> None:
    typing = commands.add_parser("typing", help="type or record in a chat, or stop to")
    _name_chat(typing, "the other number")
    typing.add_argument("state", choices=("composing", "recording", "paused"))
    typing.set_defaults(run=_type)
    online = commands.add_parser("online", help="take a phone in the hand, or lay it down")
    online.add_argument("number")
    online.add_argument("state", choices=("on", "off"))
    online.set_defaults(run=_online)
    presence = commands.add_parser("presence", help="show whom a phone sees online, typing or recording")
    presence.add_argument("number")
    presence.set_defaults(run=_presence)
    ring = commands.add_parser("call", help="call somebody")
    _name_chat(ring, "the other number")
    ring.add_argument("--video", **_FLAG)
    ring.set_defaults(run=_call)
    end = commands.add_parser("hang-up", help="hang up, or decline a call")
    end.add_argument("number", help="the phone's number")
    end.add_argument("id", help="the call's id")
    end.set_defaults(run=_hang_up)
    calls = commands.add_parser("calls", help="show the calls that a phone made or got")
    calls.add_argument("number")
    calls.set_defaults(run=_calls)


def _name_chat(command: Any, other: str) -> None:
    command.add_argument("--from", dest="sender", required=True, metavar="N", help="the phone's number")
    command.add_argument("--to", required=True, metavar="M", help=other)


def _add(options: Namespace) -> str:
    phone = call(options, path(options.number), {"name": options.name, "hosted": options.hosted})
    return f"{phone['number']} is on WhatsApp as {phone['name']}."


def _say(options: Namespace) -> str:
    sent = call(options, path(options.sender, "say"), {"to": options.to, "text": options.text})
    return f"{sent['from']} has sent {sent['to']} the message {sent['id']}."


def _send(options: Namespace) -> str:
    given = {name: value for name in options.fields if (value := getattr(options, name)) not in (None, False)}
    wanted = {"to": options.to, "kind": options.kind, **_with_preview(given)}
    if options.kind == "contact":
        wanted["contacts"] = [{"name": wanted.pop("name"), "number": wanted.pop("number")}]
    if file := given.get("file"):
        wanted |= _described(options.kind, file, given)
        wanted["file"] = put(options, options.sender, file)
    sent = call(options, path(options.sender, "send"), wanted)
    return f"{sent['from']} has sent {sent['to']} the message {sent['id']}."


def _status(options: Namespace) -> str:
    wanted = {"to": options.to, "kind": "text", "text": options.text}
    sent = call(options, path(options.sender, "status"), wanted)
    return f"{sent['from']} has published the status {sent['id']} for {', '.join(sent['to'])}."


def _with_preview(given: dict[str, Any]) -> dict[str, Any]:
    preview = {name.removeprefix("preview_"): given.pop(name) for name in tuple(given) if name.startswith("preview_")}
    return {**given, "preview": preview} if preview else given


def _described(kind: str, file: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What a phone says of a file by itself: its type and name, of a picture the size and a thumbnail as well."""
    said: dict[str, Any] = {}
    guessed, _ = mimetypes.guess_type(file.name)
    if guessed and kind != "voice":
        said["mimetype"] = guessed
    if kind == "document":
        said["file_name"] = file.name
    if kind in ("image", "sticker"):
        said |= _pictured(file, thumbnail=kind == "image")
    return {**said, **{name: value for name, value in given.items() if name != "file"}}


_THUMBNAIL: Final = (100, 100)


def _pictured(file: Path, *, thumbnail: bool) -> dict[str, Any]:
    try:
        with Image.open(file) as picture:
            size: dict[str, Any] = {"width": picture.width, "height": picture.height}
            if thumbnail:
                picture.thumbnail(_THUMBNAIL)
                shown = BytesIO()
                picture.convert("RGB").save(shown, "JPEG")
                size["thumbnail"] = b64encode(shown.getvalue()).decode()
    except FileNotFoundError:
        raise Failed(f"There is no file {file}.") from None
    except (UnidentifiedImageError, OSError):
        return {}  # a phone sends what it can't show, too
    return size


def _inbox(options: Namespace) -> str:
    inbox = call(options, path(options.number, "inbox"))
    return "\n".join(_line(letter) for letter in inbox["messages"]) or f"{inbox['number']} has no messages yet."


def _line(letter: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(letter["at"] / 1000, UTC).astimezone()
    whom = f"from {letter['from']}" if letter["direction"] == "in" else f"to {letter['to']}"
    if "group" in letter and letter["direction"] == "in":
        whom += f" in {letter['group']}"
    return f"{at:%Y-%m-%d %H:%M:%S}  {whom} ({letter['state']}): {_words(letter)}"


_SHOWN: Final = ("caption", "question", "name", "file_name", "emoji", "text")
"""The field of a content that a person would read first."""


def _words(letter: dict[str, Any]) -> str:
    """What a line shows of a letter; of what is no text the type, and its words if it has some."""
    words = letter["text"]
    if words is None:
        shown = next((one for name in _SHOWN if isinstance(one := letter["content"].get(name), str)), "")
        return f"({letter['type']} {letter['id']}) {readable(shown)}".rstrip()
    reactions = " ".join(letter.get("reactions", {}).values())
    after = [f"[{reactions}]"] if reactions else []
    after += ["(deleted)"] if "deleted_by" in letter else ["(edited)"] if "edited" in letter else []
    return readable(" ".join([words, *after]))


def _show(options: Namespace) -> str:
    return json.dumps(call(options, _message(options)), indent=2, ensure_ascii=True)


def _save_media(options: Namespace) -> str:
    size = fetch(options, f"{_message(options)}/file", options.file)
    return f"Wrote {size} bytes into {options.file}."


def _message(options: Namespace) -> str:
    return f"{path(options.number, 'messages')}/{quote(options.id, safe='')}"


def _read(options: Namespace) -> str:
    done = call(options, path(options.number, "read"), {})
    count = done["read"]
    return f"{done['number']} has read {'1 message' if count == 1 else f'{count} messages'}."


def _play(options: Namespace) -> str:
    wanted = {"from": options.to, "id": options.id, "played": True}
    done = call(options, path(options.sender, "read"), wanted)
    return f"{done['number']} has played the message {options.id}."


def _type(options: Namespace) -> str:
    done = call(options, path(options.sender, "typing"), {"to": options.to, "state": options.state})
    return f"{done['number']} is {done['state']} in the chat with {done['to']}."


def _online(options: Namespace) -> str:
    done = call(options, path(options.number, "online"), {"online": options.state == "on"})
    return f"{done['number']} is {'online' if done['online'] else 'offline'}."


def _presence(options: Namespace) -> str:
    chats = call(options, path(options.number, "presence"))["chats"]
    return "\n".join(f"{chat}: {_seen(seen)}" for chat, seen in chats.items()) or "There is nobody else here."


def _seen(seen: dict[str, Any]) -> str:
    last = seen["last_seen"]
    since = f", last seen {datetime.fromtimestamp(last / 1000, UTC).astimezone():%Y-%m-%d %H:%M:%S}" if last else ""
    words = "online" if seen["online"] else f"offline{since}"
    return f"{words}, {seen['typing']}" if seen["typing"] else words


def _call(options: Namespace) -> str:
    made = call(options, path(options.sender, "calls"), {"to": options.to, "video": options.video})
    return f"{made['caller']} calls {made['callee']}: the call is {made['id']}."


def _hang_up(options: Namespace) -> str:
    ended = call(options, f"{path(options.number, 'calls')}/{quote(options.id, safe='')}/end", {})
    return f"The call {ended['id']} is {ended['state']}."


def _calls(options: Namespace) -> str:
    calls = call(options, path(options.number, "calls"))["calls"]
    lines = [f"{one['id']} from {one['caller']} to {one['callee']}: {one['state']}" for one in calls]
    return "\n".join(lines) or f"{options.number} has no calls."
