"""``python -m infra.signing_keys SECRET add|use|drop|list``: the keys that sign logins, changed with overlap.

A function reads the keys again after five minutes, and accepts every key that it knows. So a new key is added first,
used five minutes later, and the old one dropped when the last token that it signed has ended, a day later. Dropping it
at once ends all its tokens within five minutes: that is what to do about a key that got out. No key is ever shown.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.deploy import CannotDeploy
from infra.deploy.account import explained, new_keys, new_session

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient


class NotDone(Exception):
    """Why nothing was changed; its text is a sentence."""


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """The keys in one secret, as ``{"current": kid, "keys": {kid: {"secret": text}}}``."""

    client: "SecretsManagerClient"
    secret: str

    def names(self) -> tuple[str, list[str]]:
        """Return the id of the current key, and all ids."""
        told = self._read()
        return told["current"], sorted(told["keys"])

    def add(self) -> str:
        """Add a key that isn't used yet, and return its id."""
        told, new = self._read(), new_keys()
        self._write({**told, "keys": {**told["keys"], **new["keys"]}})
        return str(new["current"])

    def use(self, key: str) -> None:
        """Sign new tokens with ``key``."""
        told = self._read()
        if key not in told["keys"]:
            raise NotDone(f"There is no key {key}.")
        self._write({**told, "current": key})

    def drop(self, key: str) -> None:
        """Accept no token any more that ``key`` signed."""
        told = self._read()
        if key == told["current"]:
            raise NotDone(f"New tokens are signed with {key}. Use another one first.")
        if key not in told["keys"]:
            raise NotDone(f"There is no key {key}.")
        self._write({**told, "keys": {kid: one for kid, one in told["keys"].items() if kid != key}})

    def _read(self) -> dict[str, Any]:
        text = self.client.get_secret_value(SecretId=self.secret)["SecretString"]
        try:
            told: dict[str, Any] = json.loads(text)
            held = told["current"] in told["keys"]
        except (ValueError, KeyError, TypeError):
            held = False
        if not held:
            raise NotDone(f"The secret {self.secret} holds no signing keys.")
        return told

    def _write(self, told: dict[str, Any]) -> None:
        self.client.put_secret_value(SecretId=self.secret, SecretString=json.dumps(told))


def main(arguments: list[str] | None = None) -> None:
    """Change the keys, and say what comes next."""
    parser = argparse.ArgumentParser(prog="python -m infra.signing_keys", description=__doc__)
    parser.add_argument("secret", help="the stack's output SigningKeysSecret")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="show the keys' ids")
    acts.add_parser("add", help="add a key that isn't used yet")
    acts.add_parser("use", help="sign new tokens with a key").add_argument("key")
    acts.add_parser("drop", help="accept no token any more that a key signed").add_argument("key")
    chosen = parser.parse_args(arguments)
    try:
        keys = KeyRotation(new_session().client("secretsmanager"), chosen.secret)
        with explained(f"show or change the secret {chosen.secret}"):
            sys.stdout.write(_act(keys, chosen.act, getattr(chosen, "key", "")) + "\n")
    except (NotDone, CannotDeploy) as reason:
        sys.exit(str(reason))


def _act(keys: KeyRotation, act: str, key: str) -> str:
    match act:
        case "add":
            added = keys.add()
            return f"Added {added}. In five minutes every function knows it: then use {added}"
        case "use":
            keys.use(key)
            return f"New tokens are signed with {key}. The others end within a day: then drop the former"
        case "drop":
            keys.drop(key)
            return f"Dropped {key}. Its tokens end within five minutes"
        case _:
            current, names = keys.names()
            return "\n".join(f"{name}{' (current)' if name == current else ''}" for name in names)


if __name__ == "__main__":
    main()
