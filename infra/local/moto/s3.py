"""S3's requests, which say by method and path what others of AWS's services say in a header and JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

SERVICE: Final = "AmazonS3"
_SIGNED_FOR: Final = re.compile(r"Credential=[^/]+/\d+/[^/]+/s3/aws4_request")
_OF_OBJECTS: Final = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
XML: Final = "application/xml"


def named(environ: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Return a request's permission and resource as the JSON services name theirs; None if it isn't S3's.

    That is ``AmazonS3.GetObject``, and an object with Bucket and Key. A request of a kind that nobody has written down
    here has the permission ``Unknown``, which no role has.
    """
    if _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", "")) is None:
        return None
    bucket, _, key = unquote(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    if key:
        permission = _OF_OBJECTS.get(method, "Unknown")
    elif method == "POST" and "delete" in query.split("&"):
        # One request for many, whose keys are in its body.
        permission, key = "DeleteObject", "*"
    else:
        permission = "ListBucket" if method == "GET" and "list-type=2" in query else "Unknown"
    return f"{SERVICE}.{permission}", json.dumps({"Bucket": bucket, "Key": key}).encode()


def refusal(sentence: str) -> bytes:
    """Return S3's answer to who isn't allowed something."""
    said = f"<Code>AccessDenied</Code><Message>{escape(sentence)}</Message>"
    return f"<?xml version='1.0'?><Error>{said}</Error>".encode()
