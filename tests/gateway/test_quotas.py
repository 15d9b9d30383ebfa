"""The quotas that the gateway holds a tenant to are those of the settings."""

import json
from typing import Any

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.table import stamped, typed
from chalicelib.bootstrap import parts
from chalicelib.config import settings
from tests.gateway.rig import MeteredGateway


def test_each_service_counts_by_its_setting(gateway: MeteredGateway) -> None:
    here = settings()
    assert bootstrap.sessions().most == here.sessions_per_tenant == 1000
    assert bootstrap.sessions().running.most == bootstrap.reconciler().running.most == here.workers_per_tenant == 500
    assert bootstrap.users().most == here.users_per_tenant == 500
    assert bootstrap.api_keys().most == here.keys_per_tenant == 1000
    assert bootstrap.tickets().most == here.tickets_per_minute == 600


def test_a_session_too_many_for_a_full_table_is_refused_by_name_and_leaves_nothing(gateway: MeteredGateway) -> None:
    places: list[Any] = [
        {"PutRequest": {"Item": typed(stamped({"pk": "T#acme", "sk": f"S#s{number}", "uid": f"s{number}", "at": 0}))}}
        for number in range(settings().sessions_per_tenant)
    ]
    for first in range(0, len(places), 25):
        gateway.table.client.batch_write_item(RequestItems={gateway.table.name: places[first : first + 25]})
    headers = {"Authorization": f"Bearer {gateway.token('ana')}"}
    status, _, answer = gateway("POST", "/api/sessions", headers, b'{"phone":"6281234567890"}')
    assert (status, json.loads(answer)["code"]) == (403, "SESSION_QUOTA_EXCEEDED")
    assert gateway.table.get("T#acme", "S#6281234567890") is None
    status, _, _ = gateway("POST", "/sessions", {"Authorization": f"Bearer {gateway.token()}"}, b'{"sessionId":"mine"}')
    assert status == 201, "another tenant has room"
    assert [slot.uid for slot in parts.running().slots.held("default", most=9)] == [
        bootstrap.sessions().get("default", "mine").uid
    ]
