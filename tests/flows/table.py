"""The stack's table, as a worker reaches it, and what it tells of the workers."""

from pathlib import Path
from typing import Any

import boto3

from infra.local.client import Stack, eventually, open_files


def environment_of(worker: int) -> dict[str, str]:
    """Return what the worker's task was started with."""
    pairs = Path(f"/proc/{worker}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


class TheTable:
    """The table of a stack that has a worker, be it one that waits for a session."""

    def __init__(self, stack: Stack) -> None:
        told = eventually(lambda: _told(stack))
        self.name = told["TABLE_NAME"]
        self.client = boto3.client(
            "dynamodb",
            endpoint_url=told["AWS_ENDPOINT_URL"],
            region_name=told["AWS_REGION"],
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        )

    def uid(self, session: str) -> str:
        """Return what the session's devices are kept under."""
        entry = {"pk": {"S": "T#default"}, "sk": {"S": f"S#{session}"}}
        return str(self.client.get_item(TableName=self.name, Key=entry)["Item"]["uid"]["S"])

    def task(self, session: str) -> str:
        """Return the task definition that the session's worker was started from."""
        return str(self._item(session)["task"]["S"])

    def epoch(self, session: str) -> int:
        """Return how often the session has been claimed for a worker."""
        return int(self._item(session)["epoch"]["N"])

    def say_it_was_started_from(self, session: str, task: str) -> None:
        """Have the session's worker be one of another version."""
        self.client.update_item(
            TableName=self.name,
            Key=self._key(session),
            UpdateExpression="SET task = :task",
            ExpressionAttributeValues={":task": {"S": task}},
        )

    def say_it_was_made_earlier(self, session: str, invitation: str, *, by: int) -> None:
        """Have an invitation be so many milliseconds older than it is."""
        self.client.update_item(
            TableName=self.name,
            Key={**self._key(session), "sk": {"S": f"I#{invitation}"}},
            UpdateExpression="ADD created_at :less, expires_at :less",
            ExpressionAttributeValues={":less": {"N": str(-by)}},
        )

    def _item(self, session: str) -> dict[str, Any]:
        return dict(self.client.get_item(TableName=self.name, Key=self._key(session))["Item"])

    def _key(self, session: str) -> dict[str, Any]:
        return {"pk": {"S": f"S#{self.uid(session)}"}, "sk": {"S": "SESSION"}}


class Service:
    """Who serves a session, on a stack where others are served as well."""

    def __init__(self, stack: Stack, session: str) -> None:
        self._stack = stack
        self._devices = f"/devices/{TheTable(stack).uid(session)}/"

    def workers(self) -> list[int]:
        """Return the process ids of the workers that have the session's WhatsApp database open."""
        return [worker for worker in self._stack.workers() if any(self._devices in name for name in open_files(worker))]

    def successor(self, former: list[int], *, within: float = 60.0) -> int:
        """Wait for a worker that isn't one of the former, and return its process id."""
        return eventually(lambda: [one for one in self.workers() if one not in former], within=within)[0]


def _told(stack: Stack) -> dict[str, str] | None:
    for worker in stack.workers():
        try:
            told = environment_of(worker)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "TABLE_NAME" in told:
            return told
    return None
