import asyncio

from tests.local.serving import serving


def status_of(path, **headers):
    async def ask():
        async with serving() as served, served.http.get(served.url + path, headers=headers) as answer:
            return answer.status

    return asyncio.run(ask())


def test_paths_go_by_the_edge_table():
    assert status_of("/things/1") == 200
    assert status_of("/api/sessions/one/ws", **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}) == 426
    # No handshake, so REST's: of the small app Chalice says 405, where the gateway asks for the upgrade.
    assert status_of("/api/sessions/one/ws") == 405


def test_another_name_for_this_machine_is_refused():
    assert status_of("/things/1", Host="rebound.example:8080") == 403


def test_a_page_from_elsewhere_is_refused():
    assert status_of("/things/1", Origin="https://evil.example") == 403


def test_the_phones_control_is_there_only_with_the_loopback():
    # The function's to refuse, like all that has no route; Chalice by itself says 405.
    assert status_of("/_local/whatsapp/phones") == status_of("/nowhere") == 405


def test_a_request_comes_to_the_functions_with_the_edge_s_proof_and_nothing_that_a_client_says_for_it():
    async def ask():
        forged = {
            "X-Switchboard-Edge": "forged",
            "X-Switchboard-Viewer": "203.0.113.9",
            "X-Switchboard-Host": "evil.example",
            "X-Amz-Cf-Id": "chosen",
        }
        async with serving(proof="genuine") as served:
            async with served.http.get(f"{served.url}/edge", headers=forged) as answer:
                rest = await answer.json()
            async with served.http.ws_connect(f"{served.url}/api/sessions/one/ws", headers=forged):
                return rest, served.app.edge

    asked = {"x-switchboard-edge": "genuine", "x-switchboard-viewer": "127.0.0.1"}
    assert asyncio.run(ask()) == (asked, asked)
