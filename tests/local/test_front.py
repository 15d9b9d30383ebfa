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
