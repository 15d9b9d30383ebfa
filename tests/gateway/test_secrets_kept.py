"""What is kept of credentials: hashes, and nothing that opens anything."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters import clients
from tests.gateway.rig import MeteredGateway

POLL = "/socket.io?EIO=4&transport=polling"


@pytest.fixture
def queued(gateway: MeteredGateway) -> Iterator[list[str]]:
    """The bodies of what is put into queues meanwhile."""
    bodies: list[str] = []

    def note(params: dict[str, Any], **_: object) -> None:
        bodies.append(params["MessageBody"])

    events, call = clients.sqs().meta.events, "provide-client-params.sqs.SendMessage"
    events.register(call, note)
    yield bodies
    events.unregister(call, note)


def scanned(gateway: MeteredGateway) -> list[dict[str, Any]]:
    pages = gateway.table.client.get_paginator("scan").paginate(TableName=gateway.table.name)
    return [item for page in pages for item in page["Items"]]


def test_a_socket_io_client_s_sid_is_kept_as_a_hash_alone(gateway: MeteredGateway, queued: list[str]) -> None:
    _, _, opened = gateway("GET", POLL)
    sid = json.loads(opened[1:])["sid"]
    here = f"{POLL}&sid={sid}"
    auth = json.dumps({"token": gateway.token()})
    for packet in (f"40{auth}", '421["join-session","shop.scanning"]'):
        assert gateway("POST", here, {"Content-Type": "text/plain"}, packet.encode())[2] == b"ok"
    assert b'"success":true' in gateway("GET", here)[2]
    assert any(item["sk"] == {"S": "CHANNEL"} for item in scanned(gateway))
    assert queued, "a handshake queues what is to happen next"
    assert sid not in str(scanned(gateway)) + str(queued)


def test_what_is_kept_of_a_sid_opens_nothing(gateway: MeteredGateway) -> None:
    gateway("GET", POLL)
    (kept,) = [item["sid"]["S"] for item in scanned(gateway) if item["sk"] == {"S": "CHANNEL"}]
    status, _, answer = gateway("GET", f"{POLL}&sid={kept}")
    assert status == 400
    assert json.loads(answer)["code"] == 1
