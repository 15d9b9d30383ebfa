"""What is kept of credentials: hashes, and nothing that opens anything."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters import clients
from tests.gateway.rig import Doors

POLL = "/socket.io?EIO=4&transport=polling"


@pytest.fixture
def queued(doors: Doors) -> Iterator[list[str]]:
    """The bodies of what is put into queues meanwhile."""
    bodies: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        bodies.append(params["MessageBody"])

    events, call = clients.sqs().meta.events, "provide-client-params.sqs.SendMessage"
    events.register(call, note)
    yield bodies
    events.unregister(call, note)


def scanned(doors: Doors) -> list[dict[str, Any]]:
    pages = doors.table.client.get_paginator("scan").paginate(TableName=doors.table.name)
    return [item for page in pages for item in page["Items"]]


def test_a_socket_io_client_s_sid_is_kept_as_a_hash_alone(doors: Doors, queued: list[str]) -> None:
    _, _, opened = doors("GET", POLL)
    sid = json.loads(opened[1:])["sid"]
    here = f"{POLL}&sid={sid}"
    auth = json.dumps({"token": doors.token()})
    for packet in (f"40{auth}", '421["join-session","shop.scanning"]'):
        assert doors("POST", here, {"Content-Type": "text/plain"}, packet.encode())[2] == b"ok"
    assert b'"success":true' in doors("GET", here)[2]
    assert any(item["sk"] == {"S": "CHANNEL"} for item in scanned(doors))
    assert queued, "a handshake queues what is to happen next"
    assert sid not in str(scanned(doors)) + str(queued)


def test_what_is_kept_of_a_sid_opens_nothing(doors: Doors) -> None:
    doors("GET", POLL)
    (kept,) = [item["sid"]["S"] for item in scanned(doors) if item["sk"] == {"S": "CHANNEL"}]
    status, _, answer = doors("GET", f"{POLL}&sid={kept}")
    assert status == 400
    assert json.loads(answer)["code"] == 1
