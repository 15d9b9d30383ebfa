"""What the description says in words before its routes, as Markdown: the first steps, and the WebSockets."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.dialects.dialect import Dialect

HERE: Final = "{{the address of the gateway}}"
"""Stands for the address that the description's reader called, which no other reader need share."""
ELSEWHERE: Final = "https://gateway.example"
"""Stands for an address that isn't known."""

STEPS: Final[tuple[tuple[str, str], ...]] = (
    (
        "Log in. A token is good for a day; programs use an API key in its place.",
        """\
URL={{the address of the gateway}}
TOKEN=$(curl -s $URL/api/auth/login \\
  -d '{"username":"admin","password":"admin123"}' | jq -r .data.token)""",
    ),
    (
        "Create a session, which starts it. Its id is yours to choose.",
        """\
curl $URL/v1/sessions -H "Authorization: Bearer $TOKEN" -d '{"id":"cafe"}'""",
    ),
    (
        "Take its QR code and scan it in WhatsApp: Settings, Linked devices, Link a device.",
        'curl "$URL/v1/sessions/cafe/qr?format=png" -H "Authorization: Bearer $TOKEN" -o qr-code.png',
    ),
    (
        "Send.",
        """\
curl "$URL/v1/sessions/cafe/messages?wait=10" -H "Authorization: Bearer $TOKEN" \\
  -d '{"to":{"phone":"+628987654321"},"type":"text","text":{"body":"Hello from API!"}}'""",
    ),
)


def guide(dialects: Iterable[Dialect]) -> str:
    """Return the steps, and the WebSockets of the dialects, each under a heading."""
    steps = "\n\n".join(f"{said}\n\n```bash\n{command}\n```" for said, command in STEPS)
    ways = "\n".join(f"- `{way['path']}`: {way['description']}" for way in websockets(dialects))
    return f"## Begin\n\n{steps}\n\n## WebSockets\n\nOpenAPI has no words for them.\n\n{ways}"


def websockets(dialects: Iterable[Dialect]) -> list[dict[str, str]]:
    """Return each WebSocket's path, its dialect's name, and what it is for."""
    return [
        {"path": path, "dialect": dialect.name, "description": dialect.websockets.about}
        for dialect in dialects
        if dialect.websockets
        for path in dialect.websockets.paths
    ]


def addressed(document: Mapping[str, Any], gateway: str | None) -> dict[str, Any]:
    """Return the document as a reader at that address should see it, None for an address that isn't known.

    Its server is the root of where the document came from, unless a stage of API Gateway's is before every path.
    """
    info = document["info"]
    staged = gateway is not None and urlsplit(gateway).path
    return {
        **document,
        "info": {**info, "description": info["description"].replace(HERE, gateway or ELSEWHERE)},
        "servers": [{"url": gateway}] if staged else document["servers"],
    }
