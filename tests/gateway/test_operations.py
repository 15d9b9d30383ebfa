"""Each route costs what the docs say, in operations of the table."""

import pytest

from tests.gateway import costs
from tests.gateway.rig import MeteredGateway

# Nobody answers there: no worker is behind this gateway, and a question waits for one.
UNANSWERED = {
    "POST /api/sessions/{id}/check-number",
    "GET /api/sessions/{id}/groups",
    "POST /api/sessions/{id}/typing",
    "POST /api/sessions/{id}/stop-typing",
    "POST /api/sessions/{id}/set-online",
    "POST /api/sessions/{id}/presence",
    "POST /sessions/{id}/messages/{message_id}/read",
    "POST /api/v1/chat/typing",
    "POST /api/v1/chat/recording",
    "POST /api/v1/instance/set/presence",
    "POST /api/v1/chat/read",
    "POST /v1/sessions/{id}/messages/{message_id}/read",
    "POST /v1/sessions/{id}/messages/{message_id}/reject",
    "POST /v1/sessions/{id}/presence",
    "POST /v1/sessions/{id}/pairing-code",
    "POST /v1/sessions/{id}/passkey",
    "POST /v1/sessions/{id}/passkey/confirmation",
}


def test_every_route_is_in_the_table() -> None:
    assert set(costs.told()) == set(costs.ROUTES)


@pytest.mark.parametrize("route", costs.ROUTES)
def test_a_route_costs_what_the_table_says(gateway: MeteredGateway, route: str) -> None:
    status, operations = costs.measured(gateway, route)
    answered = status < 400 or status == 501 or (route in UNANSWERED and status == 503)
    assert answered, "the call didn't find what it is about"
    assert f"| `{route}` | {operations} |" == f"| `{route}` | {costs.told().get(route)} |"
