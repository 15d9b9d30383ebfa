"""Virtual phones on the command line: `python -m infra.local.phone scan qr-code.png --number 6281234567890 --name Ana`.

They belong to the local stack that runs on `--port`, or PORT, or the one that the state directory (LOCAL_STATE, else
`.local`) names. A command that only acts prints one sentence. Where one fails, the sentence goes to the standard
error, and the exit code is 1.
"""

import argparse
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.local import phone_chat
from infra.local.camera import NothingToSee, read_code
from infra.local.phone_stack import Failed, call


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _options(arguments)
    try:
        print(options.run(options))
    except (Failed, NothingToSee) as error:
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
    unlink = commands.add_parser("unlink", help="remove a phone's linked devices")
    unlink.add_argument("number")
    unlink.add_argument("--device", type=int, help="only this one")
    unlink.set_defaults(run=_unlink)
    drop = commands.add_parser("drop", help="cut the connections of a phone's linked devices")
    drop.add_argument("number")
    drop.set_defaults(run=_drop)
    commands.add_parser("list", help="show phones and their linked devices").set_defaults(run=_list)
    phone_chat.add(commands)
    for command in commands.choices.values():
        command.add_argument("--port", default=argparse.SUPPRESS, help="the local stack's port")
    return parser.parse_args(arguments)


def _scan(options: argparse.Namespace) -> str:
    wanted = {"code": read_code(options.picture), "number": options.number, "name": options.name}
    linked = call(options, "phones/scan", wanted)
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
