"""A session's own proxy on the stack: linking, messages and files go through it, and by no other way."""

import socket

from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.domain.content import Image
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.proxy import Proxy, ProxyType
from infra.local.client import Phone, Stack, eventually
from tests.flows.files import Store
from tests.flows.table import environment_of
from tests.proxies import OwnersProxy, running
from tests.worker.media import samples

WORD = "a-word-of-the-owners"


def to_whatsapp(stack: Stack) -> Proxy:
    """The way to the loopback WhatsApp, which every worker is told by its environment."""
    address = environment_of(eventually(stack.workers)[0])["HTTPS_PROXY"]
    return Proxy(ProxyType.HTTP, "127.0.0.1", int(address.rpartition(":")[2]))


def test_a_session_links_sends_and_loads_files_through_its_proxy_until_it_has_none(
    stack: Stack, number: str, friend: Phone
) -> None:
    beyond = to_whatsapp(stack)

    def reach(host: str, port: int) -> socket.socket:
        found: socket.socket = ProxyDialer(local=True).dial(beyond, host, port, seconds=10)
        found.settimeout(None)
        return found

    shown = {"username": "ana", "password": WORD}
    with running(OwnersProxy(ProxyType.SOCKS5, credentials=("ana", WORD), reach=reach)) as proxy:
        where = {"type": "socks5", "host": "127.0.0.1", "port": proxy.port}
        made = stack.post("/v1/sessions", {"id": number, "proxy": {**where, **shown}})
        assert (made.status_code, made.json()["proxy"]) == (201, {**where, "has_credentials": True})
        stack.scan(stack.code(number), number)
        stack.until(number, "CONNECTED")
        assert set(proxy.asked) == {"web.whatsapp.com:443"}
        store = Store(stack, number)
        sent = store.send(friend, Image(media_id=store.keep(samples.a_picture("JPEG"), "image/jpeg")))
        assert sent.status in {MessageStatus.SENT, MessageStatus.DELIVERED}, sent
        assert set(proxy.asked) - {"web.whatsapp.com:443"}, "the file went another way"
        asked = len(proxy.asked)
        since = stack.get(f"/v1/sessions/{number}").json()["connected_at"]
        changed = stack.request("PATCH", f"/v1/sessions/{number}", {"proxy": None})
        assert (changed.status_code, changed.json()["proxy"]) == (200, None)

        def reconnected() -> bool:
            stands = stack.get(f"/v1/sessions/{number}").json()
            return bool(stands["status"] == "CONNECTED" and stands["connected_at"] != since)

        assert eventually(reconnected)
        assert len(proxy.asked) == asked
    friend.say(number, "Still there?")
    assert eventually(lambda: stack.get(f"/v1/sessions/{number}/messages").json()["data"])
    assert WORD not in stack.log()
