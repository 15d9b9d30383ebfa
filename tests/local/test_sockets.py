import asyncio

import aiohttp
import pytest

from infra.local.sockets import FRAME_LIMIT, MESSAGE_LIMIT, Limits
from tests.local.patience import until
from tests.local.serving import serving

HANDSHAKE = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


def test_connect_sees_what_the_edge_says_and_never_a_forged_copy():
    async def connect():
        async with serving() as served, served.watch(token="t", sb_session="other"):
            return served.seen[0]

    kind, query = asyncio.run(connect())
    assert kind == "connect"
    assert (query["token"], query["sb_session"]) == ("t", "one")


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_connect_refuses_is_the_handshakes_status(status):
    async def connect():
        async with serving() as served:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await served.watch(answer=str(status))
            return refused.value.status, served.seen

    answered, seen = asyncio.run(connect())
    assert answered == status
    assert [kind for kind, _ in seen] == ["connect"]


def test_a_refusal_comes_with_what_connect_says():
    async def connect():
        async with serving() as served:
            headers = {"Connection": "Upgrade", "Upgrade": "websocket"} | HANDSHAKE
            url = f"{served.url}/api/sessions/one/ws?answer=401"
            async with served.http.get(url, headers=headers) as answer:
                return answer.status, await answer.json()

    assert asyncio.run(connect()) == (401, {"said": "401"})


def test_messages_and_the_end_reach_their_handlers():
    async def talk():
        async with serving() as served:
            async with served.watch() as socket:
                await socket.send_str("hello")
                await until(lambda: ("message", "hello") in served.seen)
            await until(lambda: served.seen[-1][0] == "disconnect")
            return served.seen

    assert [kind for kind, _ in asyncio.run(talk())] == ["connect", "message", "disconnect"]


def test_a_handler_that_fails_is_told_to_the_watcher():
    async def talk():
        async with serving() as served, served.watch() as socket:
            await socket.send_str("fail")
            return await socket.receive_json(timeout=5)

    assert asyncio.run(talk())["message"] == "Internal server error"


def a_frame(size, *, first, last):
    """A frame as a client sends it, by a mask that changes nothing."""
    head = bytes([(0x80 if last else 0) | (1 if first else 0), 0x80 | 127])
    return head + size.to_bytes(8) + bytes(4) + b"x" * size


def sent_raw(*writes, taken=False):
    """What became of a connection that wrote this: the close code, and the lengths of what the handler got."""

    async def talk():
        async with serving() as served, served.watch() as socket:
            for raw in writes:
                socket._writer.transport.write(raw)
                # One that comes in pieces is read in pieces.
                await asyncio.sleep(0)
            if taken:
                await until(lambda: len(served.seen) > 1)
            else:
                await socket.receive(timeout=5)
                await until(lambda: served.seen[-1][0] == "disconnect")
            return socket.close_code, [len(text) for kind, text in served.seen if kind == "message"]

    return asyncio.run(talk())


def test_the_largest_message_comes_in_frames_of_the_largest_size():
    count = MESSAGE_LIMIT // FRAME_LIMIT
    frames = [a_frame(FRAME_LIMIT, first=n == 0, last=n == count - 1) for n in range(count)]
    assert sent_raw(*frames, taken=True) == (None, [MESSAGE_LIMIT])


@pytest.mark.parametrize("piece", [1, 3, 14, 100])
def test_a_frame_over_the_limit_ends_the_connection_however_it_comes(piece):
    # No more than the head of the second: what nobody reads would cut off the answer.
    raw = a_frame(5, first=True, last=True) + a_frame(FRAME_LIMIT + 1, first=True, last=True)[:14]
    assert sent_raw(*(raw[at : at + piece] for at in range(0, len(raw), piece))) == (
        aiohttp.WSCloseCode.MESSAGE_TOO_BIG,
        [5],
    )


def test_a_message_over_the_limit_ends_the_connection_though_its_frames_are_small():
    count = MESSAGE_LIMIT // FRAME_LIMIT
    frames = [a_frame(FRAME_LIMIT, first=n == 0, last=False) for n in range(count)]
    assert sent_raw(*frames, a_frame(1, first=False, last=True)) == (aiohttp.WSCloseCode.MESSAGE_TOO_BIG, [])


@pytest.mark.parametrize("limits", [Limits(idle_s=0.1), Limits(age_s=0.1)])
def test_a_connection_ends_when_its_time_is_up(limits):
    async def wait():
        async with serving(limits=limits) as served, served.watch() as socket:
            await socket.receive(timeout=5)
            return socket.close_code

    assert asyncio.run(wait()) == aiohttp.WSCloseCode.GOING_AWAY


def test_a_handshake_that_asks_for_no_upgrade_is_told_to():
    async def ask():
        path = "/api/sessions/one/ws"
        async with serving() as served, served.http.get(served.url + path, headers=HANDSHAKE) as answer:
            return answer.status

    assert asyncio.run(ask()) == 426
