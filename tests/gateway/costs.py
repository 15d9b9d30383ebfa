"""What each route costs in operations of the table: measured, and as the page in the docs says it."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from app import ROUTERS
from chalicelib import bootstrap
from chalicelib.api.description import samples
from chalicelib.api.description.document import document
from infra.whatsapp_server.passkeys import Passkey
from tests.api.described import conforms
from tests.gateway.rig import (
    CALLED,
    COMPARING,
    LINK,
    OPTIONS,
    PASSWORD,
    RECEIVED,
    SCANNING,
    SIGNING,
    STOPPED,
    STORED,
    MeteredGateway,
)

PAGE = Path(__file__).parents[2] / "docs" / "operations-per-call.md"
DOCUMENT = json.loads(json.dumps(document(ROUTERS)))
ROUTES = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]

SESSIONS = {
    "qr": SCANNING,
    "qrcode": SCANNING,
    "session-status": SCANNING,
    "pairing-code": SCANNING,
    "passkey": SIGNING,
    "confirmation": COMPARING,
    "connect": STOPPED,
    "login": STOPPED,
    "start": STOPPED,
    "restart": STOPPED,
    "invitations": SCANNING,
    "{invitation_id}": SCANNING,
}
"""Sessions other than the connected one, by the last part of the path: those of which the call asks something."""
MESSAGES = {"read": RECEIVED.id, "reject": CALLED.id}
"""Messages other than the one that was sent, likewise."""
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/auth/login": {"username": "admin", "password": PASSWORD},
    "POST /api/auth/change-password": {"old_password": PASSWORD, "new_password": "another one"},
    "POST /api/auth/register": {"username": "cleo", "password": "a password"},
    "POST /api/admin/tenants": {"id": "globex", "username": "gus", "password": "a password"},
    "POST /api/sessions": {"phone": "+4915112345678"},
    "POST /v1/invitations/exchange": {"secret": LINK},
    "POST /v1/sessions/{id}/passkey": {"assertion": Passkey.generate().sign(OPTIONS)},
    "PUT /api/sessions/{id}": {"name": "Another"},
    "PATCH /v1/sessions/{id}": {"name": "Another"},
    "PUT /api/sessions/{id}/name": {"name": "Another"},
    "PUT /api/sessions/{id}/webhook": {"webhook_url": "https://example.com/another"},
    "PUT /api/sessions/{id}/enabled": {"enabled": False},
}
"""Where the description's example would be refused here, or change nothing: it is what the sample is already."""
QUERIES = {"/socket.io": "?EIO=4&transport=polling", "/whatsapp": "?session={session}"} | {
    "/api/v1/message/id": f"?phone=628987654321&messageID={samples.MESSAGE.id}"
}


def request(route: str) -> tuple[str, str, bytes]:
    """The method, the path and the body of a call that finds what it is about."""
    method, path = route.split(" ")
    told = DOCUMENT["paths"][path][method.lower()]
    session = SESSIONS.get(path.rpartition("/")[2], samples.SESSION.id)
    values = {one["name"]: one["example"] for one in told.get("parameters", []) if one["in"] == "path"}
    values |= {"id": session} if "id" in values else {}
    values |= (
        {"message_id": MESSAGES.get(path.rpartition("/")[2], values["message_id"])} if "message_id" in values else {}
    )
    # What a file's address leads to is there.
    values |= {"media_id": STORED.id} if "media_id" in values and path.startswith("/sessions/") else {}
    values |= {"file": f"{session}_{STORED.id}.pdf"} if "file" in values else {}
    address = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)
    query = next((query.format(session=session) for start, query in QUERIES.items() if path.startswith(start)), "")
    form = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    shown = form.get("example") or next((one["value"] for one in form.get("examples", {}).values()), None)
    example = BODIES.get(route) or shown
    return method, address + query, b"" if example is None else json.dumps(example).encode()


def measured(gateway: MeteredGateway, route: str) -> tuple[int, str]:
    """The status that a call is answered with, as described, and its operations but for credentials and waiting."""
    gateway.begin_again()
    method, path, body = request(route)
    headers = _credential(gateway, route)
    if route == "POST /socket.io":
        _, _, opened = gateway("GET", path)
        path, body = f"{path}&sid={json.loads(opened[1:])['sid']}", b"3"
    waited: list[int] = []
    gateway.clock.at_first = lambda: waited.append(len(gateway.operations))
    gateway.operations.clear()
    status, answered, content = gateway(method, path, headers, body)
    conforms(method, path, status, answered.get("Content-Type", ""), lambda: json.loads(content))
    asked = gateway.operations[: waited[0]] if waited else gateway.operations
    return status, written(asked[1:] if headers else asked)


def _credential(gateway: MeteredGateway, route: str) -> dict[str, str]:
    method, path = route.split(" ")
    if DOCUMENT["paths"][path][method.lower()]["security"] == [{}]:
        return {}
    if not path.startswith("/api/v1/"):
        return {"Authorization": f"Bearer {gateway.token()}"}
    headers = {"X-API-Key": gateway.scanning_key if path.endswith("/qr") else gateway.key}
    gateway("GET", "/sessions", headers)  # The first call with a key also writes when that was: once a minute.
    bootstrap.parts.known_uids().forget()
    return headers


def written(operations: list[str]) -> str:
    """Operations as the page writes them: ``GetItem 2, PutItem``."""
    counted: Any = Counter(operations)
    return ", ".join(name if count == 1 else f"{name} {count}" for name, count in sorted(counted.items())) or "none"


def told() -> dict[str, str]:
    """What the page says of each route."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE))
