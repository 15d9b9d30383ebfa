"""The loopback WhatsApp as a whole: TLS listener, CONNECT proxy, state, virtual phones."""

import os
import time
from collections import Counter
from pathlib import Path

from aiohttp import web

from chalicelib.wire.curve25519 import KEY_SIZE, KeyPair, derived
from infra.whatsapp_server import certificates, web_page
from infra.whatsapp_server.certificates import authority, server_context
from infra.whatsapp_server.codes import References
from infra.whatsapp_server.connection import Credentials
from infra.whatsapp_server.control import application as control
from infra.whatsapp_server.media import Media
from infra.whatsapp_server.network import Network
from infra.whatsapp_server.phones.files import Files
from infra.whatsapp_server.proxy import ConnectProxy
from infra.whatsapp_server.storage import Database, Store, write_private
from infra.whatsapp_server.visit import ChatEndpoint

STARTUP = Path(__file__).with_name("startup")
"""The directory whose `sitecustomize` turns a client process to us."""


class WhatsApp:
    """A WhatsApp on 127.0.0.1. Everything it must remember is in `state_dir`; it runs in the loop that starts it."""

    def __init__(self, state_dir: Path) -> None:
        self._directory = state_dir
        self._root = _root_key(state_dir / "root.key")
        self._authority = authority(state_dir)
        references = References(derived(self._root.private, salt=None, info=b"references", size=KEY_SIZE))
        self._database = Database(state_dir / "messages.db")
        media = Media(state_dir / "media", derived(self._root.private, salt=None, info=b"media", size=KEY_SIZE))
        self._network = Network(
            Store(state_dir / "whatsapp.json"), self._database, references, Files(media, state_dir / "phones")
        )
        self._proxy = ConnectProxy()
        self._runner: web.AppRunner | None = None

    @property
    def asked_hosts(self) -> Counter[str]:
        """How often each host was asked for, WhatsApp's own too; with its port where that isn't 443."""
        return self._proxy.asked

    @property
    def refused_hosts(self) -> Counter[str]:
        """How often each host that isn't WhatsApp's was asked for and refused."""
        return self._proxy.refused

    async def start(self) -> None:
        """Listen on free ports of 127.0.0.1."""
        self._database.open()
        self._network.media.start()
        self._network.phones.start()
        static = KeyPair.generate()
        chain = certificates.chain(self._root, static.public, int(time.time()))
        endpoint = ChatEndpoint(self._network, Credentials(static, chain))
        app = web.Application()
        app.router.add_get("/ws/chat", endpoint.serve)
        app.router.add_get("/", web_page.page)
        self._network.media.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        context = server_context(self._directory, self._authority)
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        await self._proxy.start(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Cut all connections, close the listeners, and write what isn't written yet."""
        await self._network.stop()
        await self._proxy.stop()
        if self._runner:
            await self._runner.cleanup()
        await self._network.store.close()
        self._database.close()

    def client_environment(self) -> dict[str, str]:
        """What a process needs from its very start so that the unmodified client in it finds us, and only us."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._proxy.port}",
            "NO_PROXY": "127.0.0.1,localhost",
            "SSL_CERT_FILE": os.fspath((self._directory / "ca.pem").resolve()),
            "LOOPBACK_WHATSAPP_ROOT_KEY": self._root.public.hex(),
            "PYTHONPATH": os.fspath(STARTUP),
        }

    def control_app(self) -> web.Application:
        """The phones' HTTP routes, to be mounted where only this machine can reach them."""
        return control.application(self._network, self._proxy, self.client_environment)


def _root_key(path: Path) -> KeyPair:
    if path.is_file():
        return KeyPair.from_private(path.read_bytes())
    root = KeyPair.generate()
    write_private(path, root.private)
    return root
