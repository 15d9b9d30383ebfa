import socket

import pytest
from botocore.exceptions import ClientError

UNSIGNED = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Length: 2\r\n"


def signed(key_id):
    scope = f"{key_id}/20260101/us-east-1/dynamodb/aws4_request"
    return UNSIGNED + f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, Signature=x\r\n".encode()


@pytest.fixture
def listing(aws):
    """The head of a call, but for its last line."""
    return signed(aws.callers.key_id("local"))


@pytest.fixture
def connection(aws):
    host, port = aws.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as one:
        yield one


def answer(connection, count=1):
    told = b""
    while told.count(b"TableNames") < count and (more := connection.recv(65536)):
        told += more
    return told


def test_a_connection_serves_one_call_after_another(connection, listing):
    for _ in range(3):
        connection.sendall(listing + b"\r\n{}")
        assert answer(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_calls_that_come_at_once_are_answered_one_by_one(connection, listing):
    connection.sendall((listing + b"\r\n{}") * 2)
    assert answer(connection, 2).count(b"HTTP/1.1 200 OK") == 2


def test_a_body_may_come_later_than_its_head(connection, listing):
    connection.sendall(listing + b"\r\n")
    connection.sendall(b"{}")
    assert answer(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_head_that_comes_in_pieces_is_understood(connection, listing):
    connection.sendall(listing[:20])
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(10)
    connection.sendall(listing[20:] + b"\r\n{}")
    assert b"200 OK" in answer(connection)


def test_a_page_in_a_browser_is_refused_here_too(connection, listing):
    connection.sendall(listing + b"Origin: http://localhost:3000\r\n\r\n{}")
    assert connection.recv(65536).startswith(b"HTTP/1.1 403")


def test_a_condition_that_fails_is_told_as_such(aws):
    with pytest.raises(ClientError) as failed:
        aws.client("dynamodb").put_item(
            TableName=aws.variables["TABLE_NAME"],
            Item={"pk": {"S": "p"}, "sk": {"S": "s"}},
            ConditionExpression="attribute_exists(pk)",
        )
    assert failed.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("call", [UNSIGNED, signed("local"), signed("WorkerTask"), signed("AKIDEXAMPLE")])
def test_who_does_not_know_the_run_s_secret_is_refused(connection, call):
    connection.sendall(call + b"\r\n{}")
    refused = connection.recv(65536)
    assert refused.startswith(b"HTTP/1.1 400")
    assert b"TableNames" not in refused


def test_who_stayed_connected_is_not_answered_after_the_end():
    from infra.local.moto.server import MotoServer

    with MotoServer() as server:
        host, port = server.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        connection.sendall(UNSIGNED + b"\r\n{}")
        answer(connection)
    with connection:
        assert connection.recv(1) == b""
