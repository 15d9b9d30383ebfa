"""``python -m tests.infra.driving``: the functions, woken with the environment that the stack gives them, do a job.

Creates a session and connects it through the REST function, then hands the stream's records to the reconciler's as
its mapping does. The patterns of that mapping come as JSON on standard input, the stream's ARN as the argument; the
answers go to standard output.
"""

import json
import os
import sys
from base64 import b64decode
from typing import Any

import boto3
from chalice.local import LambdaContext

from chalicelib.domain.edge import PROOF_HEADER
from infra.local.mappings import matches

PASSWORD = "a password of many words"


def called(handler: Any, method: str, resource: str, body: object = None, token: str = "", **path: str) -> Any:
    """Return the body of the REST function's answer to one request, as API Gateway hands it over."""
    event = {
        "resource": resource,
        "path": resource.format(**path),
        "httpMethod": method,
        "headers": {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "Accept": "*/*",
            PROOF_HEADER: json.loads(os.environ["EDGE_SECRET"])["current"],
        },
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path or None,
        "stageVariables": None,
        "requestContext": {"resourcePath": resource, "httpMethod": method, "identity": {"sourceIp": "192.0.2.1"}},
        "body": json.dumps(body) if body is not None else None,
        "isBase64Encoded": False,
    }
    answer = handler(event, LambdaContext("api", 512, 29_000))
    # All answers are binary to API Gateway, which decodes them.
    text = b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"]
    return {"status": answer["statusCode"], "body": json.loads(text)}


def records(stream: str) -> list[dict[str, Any]]:
    """Return all that the table's stream has, in the form in which Lambda hands it over."""
    client: Any = boto3.client("dynamodbstreams")
    found = []
    for shard in client.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        begin = client.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        found += client.get_records(ShardIterator=begin["ShardIterator"])["Records"]
    for record in found:
        record["eventSourceARN"] = stream
        record["dynamodb"]["ApproximateCreationDateTime"] = record["dynamodb"][
            "ApproximateCreationDateTime"
        ].timestamp()
    return found


def main() -> None:
    import app as root
    from chalicelib.bootstrap import first_administrator

    patterns = json.loads(sys.stdin.read())
    first_administrator("admin", PASSWORD, "default")
    login = called(root.app, "POST", "/api/auth/login", {"username": "admin", "password": PASSWORD})
    token = login["body"]["data"]["token"]
    asked = {"phone": "5511999990001", "name": "Shop"}
    created = called(root.app, "POST", "/api/sessions", asked, token)
    connected = called(root.app, "POST", "/api/sessions/{id}/connect", None, token, id="5511999990001")
    wanted = [one for one in records(sys.argv[1]) if any(matches(pattern, one) for pattern in patterns)]
    handled = root.app.handler_map["control"]({"Records": wanted}, LambdaContext("control", 512, 29_000))
    answers = {"login": login["status"], "created": created, "connected": connected, "records": len(wanted)}
    json.dump({**answers, "handled": handled}, sys.stdout)


if __name__ == "__main__":
    main()
