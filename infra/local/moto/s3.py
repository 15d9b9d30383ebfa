"""S3's requests, which say by method and path what others of AWS's services say in a header and JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape, unescape

SERVICE: Final = "AmazonS3"
_SIGNED_FOR: Final = re.compile(r"Credential=[^/]+/\d+/[^/]+/s3/aws4_request")
_OF_OBJECTS: Final = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
XML: Final = "application/xml"


def named(environ: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Return a request's permission and resource as the JSON services name theirs; None if it isn't S3's.

    That is ``AmazonS3.GetObject``, and an object with Bucket and Keys, with CopySource where one is copied, and with
    Prefix where they are listed. A request of a kind that nobody has written down here has the permission ``Unknown``,
    which no role has.
    """
    if _SIGNED_FOR.search(environ.get("HTTP_AUTHORIZATION", "")) is None:
        return None
    bucket, key = place(environ)
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    if key:
        permission = _OF_OBJECTS.get(method, "Unknown")
    elif method == "POST" and "delete" in query.split("&"):
        return f"{SERVICE}.DeleteObject", json.dumps({"Bucket": bucket, "Keys": _keys(environ)}).encode()
    else:
        permission = "ListBucket" if method == "GET" and "list-type=2" in query else "Unknown"
    body = {"Bucket": bucket, "Keys": [key] if key else []}
    more = {"CopySource": environ.get("HTTP_X_AMZ_COPY_SOURCE"), "Prefix": dict(parse_qsl(query)).get("prefix")}
    said = {name: unquote(value) for name, value in more.items() if value is not None}
    return f"{SERVICE}.{permission}", json.dumps(body | said).encode()


def _keys(environ: Mapping[str, Any]) -> list[str]:
    """Return the keys in the body of a request to remove many objects, which is there whole."""
    body = environ["wsgi.input"].getvalue().decode(errors="replace")
    return [unescape(one) for one in re.findall("<Key>(.*?)</Key>", body, re.DOTALL)]


def place(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return a request's bucket and key, which is empty for the bucket itself."""
    bucket, _, key = unquote(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
    return bucket, key


def refusal(sentence: str) -> bytes:
    """Return S3's answer to who isn't allowed something."""
    said = f"<Code>AccessDenied</Code><Message>{escape(sentence)}</Message>"
    return f"<?xml version='1.0'?><Error>{said}</Error>".encode()
