"""How to begin, as the page tells it: from nothing to a message, in commands that can be pasted one after the other."""

from typing import Final

from chalicelib.api.description.markup import block, element, inline

URL: Final = "$URL"
"""What the page's commands call the gateway."""
HERE: Final = "{{the address of the gateway}}"
"""Stands in the page for the address that its reader called, which no other reader need share."""

STEPS: Final[tuple[tuple[str, str], ...]] = (
    (
        "Log in. A token is good for a day; programs use an API key in its place.",
        """\
URL={{the address of the gateway}}
TOKEN=$(curl -s -X POST $URL/api/auth/login \\
  -d '{"username":"admin","password":"admin123"}' | jq -r .data.token)""",
    ),
    (
        "Create a session and want it running. Its id is the phone number.",
        """\
curl -X POST $URL/api/sessions -H "Authorization: Bearer $TOKEN" -d '{"phone":"6281234567890"}'
curl -X POST $URL/api/sessions/6281234567890/connect -H "Authorization: Bearer $TOKEN\"""",
    ),
    (
        "Take its QR code and scan it in WhatsApp: Settings, Linked devices, Link a device.",
        'curl "$URL/api/sessions/6281234567890/qr?format=png" -H "Authorization: Bearer $TOKEN" -o qr-code.png',
    ),
    (
        "Send.",
        """\
curl -X POST $URL/api/sessions/6281234567890/send -H "Authorization: Bearer $TOKEN" \\
  -d '{"to":"628987654321","message":"Hello from API!"}'""",
    ),
)


def start() -> str:
    """Return the steps as HTML."""
    steps = "".join(f"<li><p>{inline(said)}</p>{block(command)}</li>" for said, command in STEPS)
    return f'<section><h2 id="start">Begin</h2>{element("ol", steps)}</section>'
