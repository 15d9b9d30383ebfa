"""Every route that a router declares, with what it must be sent so that nothing but its caller is wrong."""

from typing import Final

from app import ROUTERS
from chalicelib.api.auth import PUBLIC, Need
from chalicelib.domain.access import Permission

Route = tuple[str, str]

DECLARED: Final[dict[Route, Need]] = {route: needs for router in ROUTERS for route, needs in router.needs.items()}
NEEDS: Final[dict[Route, Permission]] = {
    route: needs for route, needs in DECLARED.items() if isinstance(needs, Permission)
}
GUARDED: Final = sorted(NEEDS)
ABOUT_A_SESSION: Final = [route for route in GUARDED if "{id}" in route[1]]
CREATES: Final = [(route.method, route.path) for router in ROUTERS for route in router.routes if route.creates]
"""Routes that create the session that their path names."""

NAMES: Final = {"{id}": "ana", "{message_id}": "01JMSG", "{name}": "ben", "{key_id}": "01KEY", "{tenant}": "acme"} | {
    "{company}": "acme",
    "{invitation_id}": "01KINVITATION",
    "{chat_id}": "628987654321@s.whatsapp.net",
    "{media_id}": "md_01KMEDIA",
    "{file}": "ana_md_01KMEDIA.jpg",
    "{build}": "3f1b0c5a9e7d2468",
    "{asset}": "place.json",
}
"""What stands in a path for its variables."""
_BODIES: Final[dict[str, dict[str, object]]] = {
    "send": {"session_id": "ana", "to": "628987654321", "message": "Kopi?"},
    "check-number": {"number": "628987654321"},
    "send-message": {"to": "628987654321", "message": "Kopi?"},
    "message/send": {"phone": "628987654321", "body": "Kopi?"},
    "send/file": {"phone": "628987654321", "url": "https://example.com/menu.pdf"},
    "send/image": {"phone": "628987654321", "url": "https://example.com/menu.png"},
    "send/video": {"phone": "628987654321", "url": "https://example.com/menu.mp4"},
    "send/gif": {"phone": "628987654321", "url": "https://example.com/menu.mp4"},
    "send/audio": {"phone": "628987654321", "audio": "https://example.com/menu.mp3"},
    "send/ptt": {"phone": "628987654321", "url": "https://example.com/menu.ogg"},
    "send/sticker": {"phone": "628987654321", "url": "https://example.com/menu.webp"},
    "send/location": {"phone": "628987654321", "lat": 48.2, "lng": "16.4"},
    "send/contact": {"phone": "628987654321", "contact": "4366012345", "name": "Ben"},
    "send/reaction": {"phone": "628987654321", "reaction": "👍", "messageId": "01JMSG"},
    "send/reply": {"phone": "628987654321", "body": "Kopi?", "messageId": "01JMSG"},
    "send/mention": {"phone": "628987654321", "mention": "4366012345"},
    "send/disappearing": {"phone": "628987654321", "body": "Kopi?"},
    "message/delete": {"phone": "628987654321", "messageID": "01JMSG"},
    "send-location": {"to": "628987654321", "latitude": 48.2, "longitude": 16.4},
    "send-attachment": {"to": "628987654321", "file": "S29waT8=", "filename": "a.txt"},
    "send-image": {"to": "628987654321", "image": "iVBORw0KGgo="},
    "send-file-url": {"to": "628987654321", "url": "https://example.com/menu.png"},
    "forward": {"to": "628987654321", "message_id": "01JMSG"},
    "reply": {"to": "628987654321", "message": "Kopi?", "quoted_message_id": "01JMSG"},
    "typing": {"to": "628987654321"},
    "stop-typing": {"to": "628987654321"},
    "send-media": {"to": "628987654321", "mediaUrl": "https://example.com/menu.png"},
    "forward-message": {"to": "628987654321", "messageId": "01JMSG"},
    "forward-message-bulk": {"recipients": ["628987654321"], "messageId": "01JMSG"},
    "send-status": {"message": "Closed"},
    "chat/typing": {"chat": "628987654321"},
    "chat/recording": {"chat": "628987654321"},
    "set/presence": {"presence": "composing", "mixed": "628987654321"},
    "chat/read": {"phone": "628987654321"},
    "bulk": {"recipients": ["628987654321"], "message": "Kopi?"},
    "name": {"name": "Ben"},
    "proxy": {"proxy_config": {"host": "proxy.example.com", "port": 1080}},
    "webhook": {"webhook_url": "https://example.com/hook", "webhookUrl": "https://example.com/hook"},
    "enabled": {"enabled": False},
    "change-password": {"old_password": "admin123", "new_password": "another one"},
    "register": {"username": "cleo", "password": "a password"},
    "tenants": {"id": "globex", "username": "cleo", "password": "a password"},
}


def a_path(template: str) -> str:
    for variable, name in NAMES.items():
        template = template.replace(variable, name)
    assert "{" not in template, f"{template}: name the variable in NAMES"
    return template


_NATIVE: Final[dict[str, dict[str, object]]] = {
    "messages": {"to": {"phone": "628987654321"}, "type": "text", "text": {"body": "Kopi?"}},
    "{message_id}": {"text": {"body": "Kopi?"}},
    "reaction": {"emoji": "👍"},
    "presence": {"state": "online"},
    "passkey": {
        "assertion": {"id": "x", "response": {"clientDataJSON": "x", "authenticatorData": "x", "signature": "x"}},
    },
    "confirmation": {"same": True},
    "media": {"mimetype": "image/png", "size": 7},
    "exchange": {"secret": "inv_01KSESSION.01KINVITATION.unknown"},
}


def a_body(template: str) -> dict[str, object] | None:
    segments = template.split("/")
    if segments[1] == "v1" and segments[-1] in _NATIVE:
        return _NATIVE[segments[-1]]
    if segments[1] == "sessions" and segments[-1] == "forward":
        return _BODIES["forward-message"]
    return _BODIES.get("/".join(segments[-2:]), _BODIES.get(segments[-1]))


def is_public(needs: Need) -> bool:
    return needs is PUBLIC
