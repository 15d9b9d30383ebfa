import json
import socket
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError


def test_a_page_in_a_browser_is_refused(aws):
    request = urllib.request.Request(aws.url, data=b"{}", headers={"Origin": "http://localhost:3000"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403
    refused.value.close()


def test_a_client_that_freezes_while_sending_delays_nobody(aws):
    host, port = aws.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as frozen:
        head = "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: 100\r\n\r\n{"
        frozen.sendall(head.encode())
        tables = aws.client("dynamodb").list_tables()["TableNames"]
    assert aws.variables["TABLE_NAME"] in json.dumps(tables)


def test_moto_keeps_no_list_of_the_items_it_made(aws):
    from moto.dynamodb.models.dynamo_type import Item

    client = aws.client("dynamodb")
    client.put_item(TableName=aws.variables["TABLE_NAME"], Item={"pk": {"S": "p"}, "sk": {"S": "s"}})
    assert vars(Item)["instances_tracked"] == []


@pytest.mark.parametrize("path", ["/moto-api/reset", "/?Action=DeleteQueue&QueueUrl=x", "/bucket/key"])
def test_no_way_in_is_open_to_who_does_not_sign_with_the_run_s_secret(aws, path):
    request = urllib.request.Request(aws.url + path, data=b"", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    refused.value.close()
    assert aws.variables["TABLE_NAME"] in str(aws.client("dynamodb").list_tables()["TableNames"])


def test_who_may_not_read_or_write_a_file_is_refused_in_s3_s_words(aws):
    client = aws.client("s3")
    client.create_bucket(Bucket="files")
    client.put_object(Bucket="files", Key="a/b c", Body=b"kept")
    asked = []
    allowed = aws.server.denial

    def only_reading(authorization: str, target: str, body: bytes) -> str | None:
        asked.append((target, json.loads(body)))
        return allowed(authorization, target, body) or (None if target == "AmazonS3.GetObject" else "not you")

    aws.server.denial = only_reading
    try:
        assert client.get_object(Bucket="files", Key="a/b c")["Body"].read() == b"kept"
        with pytest.raises(ClientError, match=r"AccessDenied.*not you") as refused:
            client.put_object(Bucket="files", Key="a/b c", Body=b"other")
        with pytest.raises(ClientError):
            client.delete_object(Bucket="files", Key="a/b c")
    finally:
        aws.server.denial = allowed
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    names = [f"AmazonS3.{name}" for name in ("GetObject", "PutObject", "DeleteObject")]
    assert asked == [(name, {"Bucket": "files", "Keys": ["a/b c"]}) for name in names]
