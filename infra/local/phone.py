"""Virtual phones on the command line: `python -m infra.local.phone scan qr-code.png --number 6281234567890 --name Ana`.

They belong to the local stack that runs on `--port`, or PORT, or the one that the state directory (LOCAL_STATE, else
`.local`) names. A command that only acts prints one sentence. Where one fails, the sentence goes to the standard
error, and the exit code is 1.
"""

import argparse
import json
import sys
from argparse import Namespace
from base64 import b64encode
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from infra.local.phone_control import Failed, call, path, readable
from infra.local.phone_messages import add_message_commands

_WHY: Final = {
    403: "wants to be asked",
    404: "no such member",
    405: "made the group",
    409: "in it already",
    419: "the group is full",
}
"""Why a member of several wasn't changed, by WhatsApp's codes."""
_ON_OFF: Final = {"choices": ("on", "off")}
_GROUP_ACTS: Final[dict[str, tuple[str, str, dict[str, Any], str]]] = {
    "add": ("members", "add members", {"nargs": "+", "metavar": "N"}, "has added to"),
    "remove": ("members", "remove members", {"nargs": "+", "metavar": "N"}, "has removed from"),
    "promote": ("members", "make members admins", {"nargs": "+", "metavar": "N"}, "has made admins in"),
    "demote": ("members", "make admins mere members", {"nargs": "+", "metavar": "N"}, "has made mere members in"),
    "approve": ("members", "let in who waits", {"nargs": "+", "metavar": "N"}, "has let into"),
    "reject": ("members", "turn away who waits", {"nargs": "+", "metavar": "N"}, "has turned away from"),
    "approval": ("on", "have admins let in who comes by the link, or not", _ON_OFF, "has set who is let into"),
    "name": ("name", "change the subject", {}, "has renamed"),
    "topic": ("topic", "change the description; an empty one takes it away", {}, "has described"),
    "announce": ("on", "have only admins write, or everybody", _ON_OFF, "has set who writes in"),
    "lock": ("on", "have only admins change subject and description, or everybody", _ON_OFF, "has set who changes"),
    "disappear": ("seconds", "have messages disappear, 0 never", {"type": int}, "has set the timer of"),
}
"""What a phone does to a group: the field of the request, the help, how its argument is read, and what is told."""


def add_group_commands(commands: Any) -> None:
    """Add the commands to the command line's."""
    group = commands.add_parser("group", help="make a group of a phone and others")
    group.add_argument("number", help="the number of the phone that makes it")
    group.add_argument("--name", required=True, help="the group's name")
    group.add_argument("--topic", help="its description")
    group.add_argument("--with", dest="others", default="", metavar="N,M", help="who else is in it")
    group.add_argument("--addressing", choices=("lid", "pn"), help="name members by LID, as new groups do, or number")
    group.set_defaults(run=_group)
    groups = commands.add_parser("groups", help="show the groups that a phone is in, and their members")
    groups.add_argument("number")
    groups.set_defaults(run=_groups)
    for act, (field, help_text, reading, told) in _GROUP_ACTS.items():
        change = commands.add_parser(f"group-{act}", help=help_text)
        _name_group(change)
        change.add_argument("value", **{"metavar": field.upper(), **reading})
        change.set_defaults(run=_change_group, act=act, field=field, told=told)
    leave = commands.add_parser("group-leave", help="leave a group")
    _name_group(leave)
    leave.set_defaults(run=_leave)
    invite = commands.add_parser("group-invite", help="show the link by which others can join a group")
    _name_group(invite)
    invite.add_argument("--renew", action="store_true", help="make a new link, and the former useless")
    invite.set_defaults(run=_invite)
    join = commands.add_parser("group-join", help="join a group by a link")
    join.add_argument("--from", dest="sender", required=True, metavar="N", help="the phone's number")
    join.add_argument("link")
    join.set_defaults(run=_join)


def _name_group(command: Any) -> None:
    command.add_argument("--from", dest="sender", required=True, metavar="N", help="the phone's number")
    command.add_argument("--group", required=True, metavar="JID", help="the group's JID")


def _group(options: Namespace) -> str:
    others = [number for number in options.others.split(",") if number]
    wanted = {"name": options.name, "topic": options.topic, "with": others, "addressing": options.addressing}
    made = call(options, path(options.number, "groups"), wanted)
    count = len(made["members"])
    return f"{made['made_by']} has made the group {made['jid']} of {'1 phone' if count == 1 else f'{count} phones'}."


def _groups(options: Namespace) -> str:
    found = call(options, path(options.number, "groups"))
    lines = [line for group in found["groups"] for line in _group_lines(group)]
    return "\n".join(lines) or f"{found['number']} is in no group."


def _group_lines(group: dict[str, Any]) -> list[str]:
    rules = [word for word in ("announcement", "locked") if group[word]]
    about = f" ({', '.join(rules)})" if rules else ""
    members = [f"  {one}{' (admin)' if one in group['admins'] else ''}" for one in group["members"]]
    return [f"{group['jid']} {readable(group['name'])}{about}", *members]


def _change_group(options: Namespace) -> str:
    value = options.value == "on" if options.field == "on" else options.value
    done = call(options, _group_path(options, options.act), {options.field: value})
    failed = done.get("failed", {})
    if failed:
        raise Failed("Not changed: " + ", ".join(f"{one} ({_WHY.get(code, code)})" for one, code in failed.items()))
    shown = " ".join(value) if isinstance(value, list) else options.value
    return f"{options.sender} {options.told} {done['jid']}: {shown}"


def _leave(options: Namespace) -> str:
    return f"{options.sender} has left {call(options, _group_path(options, 'leave'), {})['jid']}."


def _invite(options: Namespace) -> str:
    return str(call(options, _group_path(options, "invite"), {"renew": options.renew})["link"])


def _join(options: Namespace) -> str:
    joined = call(options, path(options.sender, "join"), {"code": options.link})
    return f"{options.sender} {'waits to be let into' if joined['waits'] else 'has joined'} {joined['jid']}."


def _group_path(options: Namespace, act: str) -> str:
    return f"{path(options.sender, 'groups')}/{quote(options.group, safe='')}/{act}"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _options(arguments)
    try:
        print(options.run(options))
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.phone", description="Virtual phones.")
    parser.add_argument("--port", help="the local stack's port")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    scan = commands.add_parser("scan", help="scan a linking code from a picture")
    scan.add_argument("picture", type=Path)
    scan.add_argument("--number", required=True, help="the phone's number, with country code")
    scan.add_argument("--name", help="the name that the phone's owner shows")
    scan.set_defaults(run=_scan)
    link = commands.add_parser("link-code", help="type the pairing code that a device shows")
    link.add_argument("code", help="eight letters and digits, with or without the dash")
    link.add_argument("--number", required=True, help="the phone's number, with country code")
    link.add_argument("--name", help="the name that the phone's owner shows")
    link.set_defaults(run=_link_code)
    passkey = commands.add_parser(
        "passkey", help="sign with a phone's passkey, as a browser does: prints the assertion"
    )
    passkey.add_argument("number")
    passkey.add_argument("--options", type=Path, metavar="FILE", help="the request options, in place of its linking's")
    passkey.add_argument("--origin", help="the page that asks, if it isn't WhatsApp Web")
    passkey.set_defaults(run=_passkey)
    linking = commands.add_parser("linking", help="show how far a phone's linking with a passkey has come")
    linking.add_argument("number")
    linking.set_defaults(run=_linking)
    unlink = commands.add_parser("unlink", help="remove a phone's linked devices")
    unlink.add_argument("number")
    unlink.add_argument("--device", type=int, help="only this one")
    unlink.set_defaults(run=_unlink)
    drop = commands.add_parser("drop", help="cut the connections of a phone's linked devices")
    drop.add_argument("number")
    drop.set_defaults(run=_drop)
    commands.add_parser("list", help="show phones and their linked devices").set_defaults(run=_list)
    add_message_commands(commands)
    add_group_commands(commands)
    for command in commands.choices.values():
        command.add_argument("--port", default=argparse.SUPPRESS, help="the local stack's port")
    return parser.parse_args(arguments)


def _scan(options: argparse.Namespace) -> str:
    try:
        picture = b64encode(options.picture.read_bytes()).decode()
    except FileNotFoundError:
        raise Failed(f"There is no file {options.picture}.") from None
    except OSError as error:
        raise Failed(f"{options.picture} can't be read: {error.strerror}.") from error
    wanted = {"picture": picture, "number": options.number, "name": options.name}
    return _linked(call(options, "phones/scan", wanted))


def _link_code(options: argparse.Namespace) -> str:
    wanted = {"code": options.code, "number": options.number, "name": options.name}
    return _linked(call(options, "phones/link-code", wanted))


def _passkey(options: argparse.Namespace) -> str:
    try:
        wanted = json.loads(options.options.read_text(encoding="utf-8")) if options.options else None
    except (OSError, ValueError) as error:
        raise Failed(f"{options.options} holds no request options.") from error
    body = {"options": wanted, "origin": options.origin}
    return json.dumps(call(options, path(options.number, "passkey/sign"), body)["assertion"])


_STEPS: Final = {
    "passkey": "WhatsApp waits for the passkey",
    "nonce": "the device must go on",
    "request": "the device must confirm",
    "linking": "the device is being linked",
    "linked": "the device is linked",
    "failed": "nothing came of it",
}


def _linking(options: argparse.Namespace) -> str:
    found = call(options, path(options.number, "linking"))
    details = [f"the phone shows the code {found['code']}"] if found["code"] else []
    details += [readable(found["why"])] if found["why"] else []
    return f"{found['number']}: {'; '.join((_STEPS[found['step']], *details))}."


def _linked(linked: dict[str, Any]) -> str:
    return f"{linked['number']} has linked the device: it is number {linked['device']}."


def _unlink(options: argparse.Namespace) -> str:
    done = call(options, f"phones/{quote(options.number, safe='')}/unlink", {"device": options.device})
    return f"{done['number']} has unlinked {_devices(len(done['unlinked']))}."


def _drop(options: argparse.Namespace) -> str:
    done = call(options, f"phones/{quote(options.number, safe='')}/drop", {})
    return f"Cut {_devices(done['dropped'])} of {done['number']} off the network."


def _list(options: argparse.Namespace) -> str:
    phones = call(options, "phones")["phones"]
    return "\n".join(line for phone in phones for line in _shown(phone)) or "There are no phones yet."


def _shown(phone: dict[str, Any]) -> list[str]:
    devices = [
        f"  device {device['device']}: {'online' if device['online'] else 'offline'}" for device in phone["devices"]
    ]
    return [f"{phone['number']} {phone['name']}", *(devices or ["  no linked devices"])]


def _devices(count: int) -> str:
    return "1 device" if count == 1 else f"{count} devices"


if __name__ == "__main__":
    sys.exit(main())
