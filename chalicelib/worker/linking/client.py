"""The worker's WhatsApp clients: one that links a device first, and then is the library's like any other.

Which linker, and when the other one
------------------------------------
Our own linking has never met the service. So where it ends without a device, the next one goes through the library, in
a child process, and the one after that is our own again. Only a demanded passkey is no reason for that: the library
can't answer one. Each change of hands is a line in the log, which the ``LinkingFellBack`` metric counts. A registration
that WhatsApp refuses to the library as well, and not just for now, is the end.
"""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

from chalicelib.domain.questions import Contact, Group, IncomingCall, MarkRead, Typing
from chalicelib.domain.session import Device
from chalicelib.worker import lean_import
from chalicelib.worker.linking.library import LibraryLinker
from chalicelib.worker.linking.own import OwnLinker, Registrant
from chalicelib.worker.linking.registration import USUAL, Appearance
from chalicelib.worker.log import Log
from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp.errors import NoConnection, NotSent
from chalicelib.worker.whatsapp.media_connection import MediaConnection
from chalicelib.worker.whatsapp.outgoing import Outgoing


class Linker(Protocol):
    """A way to link one device, once."""

    name: str

    @property
    def acts(self) -> c.OwnersActs | None:
        """What the owner can do meanwhile, if anything."""

    def start(self) -> None:
        """Begin."""

    def is_open(self) -> bool:
        """Whether it lives."""

    def cancel(self) -> None:
        """End it."""


class Library(Protocol):
    """The client library, which is imported when it is needed: that takes a while."""

    def client(
        self, database: Path, handlers: c.Handlers, *, linking: bool, proxy: str | None, appearance: Appearance
    ) -> c.Client:
        """Return the library's client."""

    def tables(self) -> bytes:
        """Return a database with the library's tables and nothing in them."""


class ImportedLibrary:
    """The library in this process, without what of it isn't used (see ``lean_import``)."""

    def __init__(self) -> None:
        lean_import.install()

    def client(
        self, database: Path, handlers: c.Handlers, *, linking: bool, proxy: str | None, appearance: Appearance
    ) -> c.Client:
        """Return the library's client."""
        from chalicelib.worker.whatsapp.whatsmeow import Whatsmeow  # noqa: PLC0415

        return Whatsmeow(database, handlers, linking=linking, proxy=proxy, appearance=appearance)

    def tables(self) -> bytes:
        """Return a database with the library's tables and nothing in them."""
        from chalicelib.worker.whatsapp.whatsmeow import empty_store  # noqa: PLC0415

        return empty_store()


class Clients:
    """Makes a worker's clients (``MakeClient``); ``own`` says that devices are linked by our own half first."""

    def __init__(self, *, own: bool, registrant: Registrant, library: Library | None = None) -> None:
        self._own = own
        self._registrant = registrant
        self._library = library or ImportedLibrary()
        self._failed: dict[str, str] = {}
        """The sessions whose last linking by our own half came to nothing, and why."""

    def warm_up(self) -> None:
        """Import the library, for a worker that has nothing else to do."""
        self._library.tables()

    def __call__(
        self,
        database: Path,
        handlers: c.Handlers,
        *,
        linking: bool,
        proxy: str | None = None,
        appearance: Appearance = USUAL,
    ) -> c.Client:
        """Return a client over ``database``."""

        def library_s(*, linking: bool) -> c.Client:
            return self._library.client(database, handlers, linking=linking, proxy=proxy, appearance=appearance)

        if not (linking and self._own):
            return library_s(linking=linking)
        return LinkingClient(
            handlers,
            lambda client: self._linker(database, client, proxy, appearance),
            lambda: library_s(linking=False),
        )

    def _linker(self, database: Path, client: "LinkingClient", proxy: str | None, appearance: Appearance) -> Linker:
        session = database.parent.name

        def ended(event: c.ClientEvent, why: str | None) -> None:
            if why is not None:
                self._failed[session] = why
            client.ended(event)

        if why := self._failed.pop(session, None):
            Log(uid=session).warning("linking_fell_back", why=why)
            return LibraryLinker(
                database,
                client.emit,
                client.linked,
                lambda event, _: client.ended(event),
                appearance=appearance,
                proxy=proxy,
            )
        return OwnLinker(
            database,
            client.emit,
            client.linked,
            ended,
            tables=self._library.tables,
            registrant=self._registrant,
            appearance=appearance,
            proxy=proxy,
        )


class LinkingClient:
    """A Client whose device is linked first; from then on the library's does everything.

    Until then nothing can be sent or asked.
    """

    def __init__(
        self,
        handlers: c.Handlers,
        make_linker: "Callable[[LinkingClient], Linker]",
        log_in: Callable[[], c.Client],
    ) -> None:
        self._handlers = handlers
        self._log_in = log_in
        self._lock = Lock()
        self._over = False
        self._client: c.Client | None = None
        self._device: Device | None = None
        self._linker = make_linker(self)

    @property
    def linked_as(self) -> Device | None:
        """The device that was linked."""
        return self._client.linked_as or self._device if self._client else self._device

    @property
    def leaves_remains(self) -> bool:
        """Once the library has logged in, its threads stay."""
        return self._client is not None and self._client.leaves_remains

    @property
    def linking(self) -> c.OwnersActs | None:
        """What its linker takes, until the device is linked."""
        return self._linker.acts if self._device is None else None

    def connect(self) -> None:
        """Begin to link."""
        self._linker.start()

    # What its linker calls, from a thread of its own.

    def emit(self, event: c.ClientEvent) -> None:
        """Pass on what the owner is to see, unless it has been given up."""
        with self._lock:
            if not self._over:
                self._handlers.event(event)

    def linked(self, device: Device) -> None:
        """Go on with the library: the device is stored."""
        with self._lock:
            if self._over:
                return
            self._device = device
            self._handlers.event(c.PairSuccessEvent(device))
        try:
            client = self._log_in()
        except Exception as error:  # noqa: BLE001 - whatever it was: a client that ended must not look as if it went on
            self.ended(c.EndedEvent(type(error).__name__))
            return
        with self._lock:
            self._client = client
            if not self._over:
                client.connect()

    def ended(self, event: c.ClientEvent) -> None:
        """Say that it came to nothing."""
        self.emit(event)

    # A Client's part.

    def is_connected(self) -> bool:
        """Ask the linker, then the library."""
        client = self._client
        if client:
            return client.is_connected()
        return self._device is not None or self._linker.is_open()

    def disconnect(self) -> None:
        """Give up linking, and say nothing any more; or have the library close its websocket."""
        with self._lock:
            client, self._over = self._client, self._client is None
        if client:
            client.disconnect()
        else:
            self._linker.cancel()

    def logout(self) -> bool:
        """Have the library unlink the device."""
        return self._client.logout() if self._client else False

    def send(self, to: str, outgoing: Outgoing) -> str | None:
        """Send by the library."""
        if self._client is None:
            raise NotSent
        return self._client.send(to, outgoing)

    def media_connection(self) -> MediaConnection:
        """Ask the library."""
        if self._client is None:
            raise NotSent
        return self._client.media_connection()

    def mark_read(self, read: MarkRead) -> None:
        """Tell by the library."""
        self._logged_in.mark_read(read)

    def show_typing(self, typing: Typing) -> None:
        """Tell by the library."""
        self._logged_in.show_typing(typing)

    def show_online(self, *, online: bool) -> None:
        """Tell by the library."""
        self._logged_in.show_online(online=online)

    def reject_call(self, call: IncomingCall) -> None:
        """Tell by the library."""
        self._logged_in.reject_call(call)

    def contact(self, who: str) -> Contact:
        """Ask by the library."""
        return self._logged_in.contact(who)

    def groups(self) -> list[Group]:
        """Ask by the library."""
        return self._logged_in.groups()

    def phone_of(self, lid: str) -> str | None:
        """Ask the library's store."""
        return self._client.phone_of(lid) if self._client else None

    def lid_of(self, phone: str) -> str | None:
        """Ask the library's store."""
        return self._client.lid_of(phone) if self._client else None

    @property
    def _logged_in(self) -> c.Client:
        if self._client is None:
            raise NoConnection
        return self._client
