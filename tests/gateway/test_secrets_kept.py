"""What is kept of credentials: hashes, and nothing that opens anything."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters import clients
from tests.gateway.rig import SCANNING, MeteredGateway

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


def test_a_link_s_secret_and_its_token_are_kept_as_hashes_and_logged_nowhere(
    gateway: MeteredGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    here = f"/v1/sessions/{SCANNING}"
    owner = {"Authorization": f"Bearer {gateway.token()}", "Idempotency-Key": "k"}
    made = json.loads(gateway("POST", f"{here}/invitations", owner)[2])
    secret = made["url"].rpartition("/")[2]
    body = json.dumps({"secret": secret}).encode()
    exchanged = json.loads(gateway("POST", "/v1/invitations/exchange", body=body)[2])
    holder = {"Authorization": f"Bearer {exchanged['token']}"}
    assert gateway("GET", here, holder)[0] == 200
    ticket = json.loads(gateway("POST", "/v1/ws-ticket", holder)[2])["ticket"]
    assert gateway("POST", "/v1/invitations/exchange", body=body)[0] == 410
    kept = str(scanned(gateway))
    assert made["id"] in kept
    for one in (secret, exchanged["token"], ticket):
        random = one.rpartition(".")[2].removeprefix("wst_")
        assert random not in kept
        assert random not in caplog.text


def test_what_is_kept_of_a_sid_opens_nothing(gateway: MeteredGateway) -> None:
    gateway("GET", POLL)
    (kept,) = [item["sid"]["S"] for item in scanned(gateway) if item["sk"] == {"S": "CHANNEL"}]
    status, _, answer = gateway("GET", f"{POLL}&sid={kept}")
    assert status == 400
    assert json.loads(answer)["code"] == 1
