"""``@connections`` through the client that production uses."""

import asyncio

import aiohttp
import boto3
import pytest
from botocore.config import Config

from infra.local.connections import PAYLOAD_LIMIT
from infra.local.sockets import STAGE
from tests.local.patience import until
from tests.local.serving import serving


def a_client(served):
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{served.management}/{STAGE}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 0}),
    )


def the_watcher(served):
    (watcher_id,) = served.watchers._open
    return watcher_id


def with_watcher(act):
    async def run():
        async with serving() as served, served.watch() as socket:
            await until(lambda: served.watchers._open)
            return await act(a_client(served), the_watcher(served), socket)

    return asyncio.run(run())


def test_what_is_posted_arrives_in_order():
    async def act(client, watcher, socket):
        for text in ("one", "two"):
            await asyncio.to_thread(client.post_to_connection, ConnectionId=watcher, Data=text.encode())
        return [await socket.receive_str(timeout=5) for _ in range(2)]

    assert with_watcher(act) == ["one", "two"]


def test_a_watcher_can_be_looked_at():
    async def act(client, watcher, socket):
        return await asyncio.to_thread(client.get_connection, ConnectionId=watcher)

    found = with_watcher(act)
    assert found["Identity"]["SourceIp"] == "127.0.0.1"
    assert found["ConnectedAt"] <= found["LastActiveAt"]


def test_a_watcher_can_be_closed_after_what_was_posted_before():
    async def act(client, watcher, socket):
        await asyncio.to_thread(client.post_to_connection, ConnectionId=watcher, Data=b"last")
        await asyncio.to_thread(client.delete_connection, ConnectionId=watcher)
        return await socket.receive_str(timeout=5), (await socket.receive(timeout=5)).type

    assert with_watcher(act) == ("last", aiohttp.WSMsgType.CLOSE)


def test_too_large_a_message_is_refused():
    async def act(client, watcher, socket):
        with pytest.raises(client.exceptions.PayloadTooLargeException):
            await asyncio.to_thread(client.post_to_connection, ConnectionId=watcher, Data=b"x" * (PAYLOAD_LIMIT + 1))

    with_watcher(act)


def test_one_that_never_was_is_gone():
    async def act(client, watcher, socket):
        for call in (client.get_connection, client.delete_connection):
            with pytest.raises(client.exceptions.GoneException):
                await asyncio.to_thread(call, ConnectionId="never=")

    with_watcher(act)


def test_one_that_ended_is_gone():
    async def run():
        async with serving() as served:
            async with served.watch():
                await until(lambda: served.watchers._open)
                client, watcher = a_client(served), the_watcher(served)
            await until(lambda: not served.watchers._open)
            with pytest.raises(client.exceptions.GoneException):
                await asyncio.to_thread(client.post_to_connection, ConnectionId=watcher, Data=b"x")

    asyncio.run(run())


def test_one_that_is_still_connecting_is_gone():
    async def run():
        async with serving() as served:
            outcome = []

            def connect(event, context):
                client, watcher = a_client(served), event["requestContext"]["connectionId"]
                with pytest.raises(client.exceptions.GoneException):
                    client.post_to_connection(ConnectionId=watcher, Data=b"x")
                outcome.append("gone")
                return {"statusCode": 200}

            served.app.handler_map["connect"].func = lambda event: connect(event.to_dict(), None)
            async with served.watch():
                return outcome

    assert asyncio.run(run()) == ["gone"]


def test_a_page_in_a_browser_is_refused():
    async def run():
        async with serving() as served:
            url = f"{served.management}/{STAGE}/@connections/x"
            async with served.http.post(url, headers={"Origin": "https://evil.example"}) as answer:
                return answer.status

    assert asyncio.run(run()) == 403
