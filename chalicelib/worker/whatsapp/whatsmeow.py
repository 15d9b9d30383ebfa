"""The WhatsApp client: whatsmeow through neonize. The only importer of neonize, and the only place that knows its ways.

Importing this module loads the Go library (0.1 s, 28 MB; ``lean_import`` keeps out 20 MB that nobody uses). neonize
0.5.2, as measured against a server of our own:
``connect()`` blocks for ever once no device gets linked, and ``stop()`` doesn't end it; no event but the QR code is
delivered before the device has a JID; ``stop()`` and ``disconnect()`` may hang. So nothing here waits for the library:
it connects in a thread that nobody joins, and the worker is thrown away with its client (see ``ending``).
"""

import logging
import time
from collections.abc import Callable
from ctypes import string_at
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Final

from google.protobuf.message import DecodeError
from neonize import events as ev
from neonize.client import ClientFactory, NewClient, ProxySettings
from neonize.exc import NeonizeError
from neonize.proto.Neonize_pb2 import ConnectFailureReason, MessageInfo, TemporaryBan
from neonize.proto.waCompanionReg.WAWebProtobufsCompanionReg_pb2 import DeviceProps
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message
from neonize.utils.enum import ChatPresence, ChatPresenceMedia, MediaType, Presence, ReceiptType
from neonize.utils.jid import Jid2String, build_jid
from neonize.utils.log import _log_queue as library_s_log

from chalicelib.domain.content import Timer
from chalicelib.domain.jid import LIDS, USERS, lid_in, phone_in
from chalicelib.domain.phone import forms
from chalicelib.domain.questions import Composing, Contact, Group, IncomingCall, MarkRead, Typing
from chalicelib.domain.session import Device
from chalicelib.worker.linking.registration import USUAL, Appearance
from chalicelib.worker.log import Log
from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp import notices
from chalicelib.worker.whatsapp.answers import contact, group
from chalicelib.worker.whatsapp.errors import NoAnswer, NotSent, timer_not_set, unanswered, unsent
from chalicelib.worker.whatsapp.incoming import incoming, receipt, undecryptable, unparsed
from chalicelib.worker.whatsapp.library_log import Stanzas, said_at_login, said_while_linking, scanned
from chalicelib.worker.whatsapp.malformed import info_of, make_readable
from chalicelib.worker.whatsapp.media_connection import MediaConnection, MediaConnections
from chalicelib.worker.whatsapp.outgoing import Outgoing, Where, message_of
from chalicelib.worker.whatsapp.sent_ids import SentIds

OPTIONS: Final = "?vfs=unix-excl&_foreign_keys=on&_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=5000&x="
"""SQLite options, smuggled in behind the path. ``x=`` swallows what the library appends.

WAL and NORMAL make ten fsyncs a pairing instead of 2,478. ``unix-excl`` takes one lock for as long as the database is
open, and keeps the WAL's index in memory instead of in a ``-shm`` file: some 5,100 locks fewer for a link, a send and a
receive, each of which is a round trip on EFS. Nobody else may open the file meanwhile (see ``device.wal_sync``).
"""
LIBRARY_LEVEL: Final = logging.getLogger("neonize.utils.log")
"""Its level when ``connect`` is called is whatsmeow's level."""

_REFUSALS: Final = {
    ConnectFailureReason.Value(name): code
    for name, code in {
        "GENERIC": 400,
        "LOGGED_OUT": 401,
        "TEMP_BANNED": 402,
        "MAIN_DEVICE_GONE": 403,
        "CLIENT_OUTDATED": 405,
        "UNKNOWN_LOGOUT": 406,
        "BAD_USER_AGENT": 409,
        "INTERNAL_SERVER_ERROR": 500,
        "EXPERIMENTAL": 501,
        "SERVICE_UNAVAILABLE": 503,
    }.items()
}
_BANS: Final = {
    TemporaryBan.TempBanReason.Value(name): code
    for name, code in {
        "SEND_TO_TOO_MANY_PEOPLE": 101,
        "BLOCKED_BY_USERS": 102,
        "CREATED_TOO_MANY_GROUPS": 103,
        "SENT_TOO_MANY_SAME_MESSAGE": 104,
        "BROADCAST_LIST": 106,
    }.items()
}
"""WhatsApp's own numbers, which the library's events have by names of its own (its log has the numbers)."""


@cache
def empty_store() -> bytes:
    """Return a database with the library's tables and no device: only the library knows what it wants to find.

    The library keeps the file open that it makes for this, so it is made once, in a place of its own.
    """
    with TemporaryDirectory() as place:
        file = Path(place, "empty.db")
        ClientFactory.get_all_devices_from_db(str(file))
        return file.read_bytes()


class Whatsmeow:
    """A Client."""

    leaves_remains = True
    linking = None

    def __init__(
        self,
        database: Path,
        handlers: c.Handlers,
        *,
        linking: bool,
        proxy: str | None = None,
        appearance: Appearance = USUAL,
    ) -> None:
        self._hand_over = handlers
        self._emit = emit = handlers.event
        self.linked_as: Device | None = None
        self._proxy = ProxySettings(proxy_address=proxy) if proxy else None
        self._log = Log()
        # What only the trace tells is needed for as long as the client lives, and the level is fixed once it connects.
        LIBRARY_LEVEL.setLevel(logging.DEBUG)
        self._media_connections = MediaConnections()
        self._sent_ids = SentIds()
        self._own: Device | None = None
        self._stanzas: Stanzas | None = Stanzas(emit, said_while_linking if linking else said_at_login)
        # The library tells its clients apart by this: the epoch alone is that of other sessions, too.
        name = f"{database.parent.name}-{database.stem}"
        # What a new device says of itself, whichever half links it.
        properties = DeviceProps.FromString(appearance.properties.SerializeToString())
        self._client = NewClient(f"{database}{OPTIONS}", uuid=name, props=properties)
        self._client.event.qr(lambda _, code: emit(c.QREvent(code.decode())))
        self._parse = self._client.event.execute
        self._client.event.execute = self._event
        # The library's own hook for how the showing of codes ended; it would print the address of the word.
        self._client._NewClient__onLoginStatus = lambda _, word: self._scanned(string_at(word).decode())  # noqa: SLF001
        for event, handle in self._handlers().items():
            self._client.event(event)(partial(self._heard, handle))

    def connect(self) -> None:
        """Connect in a thread that is never joined."""
        Thread(target=self._connect, name="whatsmeow", daemon=True).start()

    def is_connected(self) -> bool:
        """Ask the library."""
        return bool(self._client.is_connected)

    def send(self, to: str, outgoing: Outgoing) -> str | None:
        """Send protobuf, never a str: the library would read numbers behind an @ as mentions, and ask about groups."""
        where = self._where(to)
        if where.group and isinstance(outgoing.content, Timer):
            self._set_timer(to, outgoing.content)
            return None
        message = message_of(outgoing, where, Message)
        self._sent_ids.begin()
        try:
            answer = self._client.send_message(_jid(to), message)
        except NeonizeError as error:
            failure = unsent(str(error), to)
        else:
            return str(answer.ID)
        if isinstance(failure, NoAnswer):
            library_s_log.join()
            failure = NoAnswer(self._sent_ids.only())
        raise failure

    def _set_timer(self, group: str, timer: Timer) -> None:
        """Set a group's timer, which its server keeps; the library counts in nanoseconds."""
        try:
            self._client.set_disappearing_timer(_jid(group), timer.seconds * 1_000_000_000)
        except NeonizeError as error:
            raise timer_not_set(str(error)) from None

    def _where(self, to: str) -> Where:
        """Return the chat as its messages are addressed: people by LID wherever it is known, and so ourselves."""
        chat, own = self._addressed(to), self._own
        by_number = own is None or own.lid is None or phone_in(chat) is not None
        names = (own.jid, own.lid) if own else ("", None)
        me, alias = (_bare(one) if one else None for one in (names if by_number else names[::-1]))
        return Where(chat, me or "", now=time.time_ns() // 1_000_000, alias=alias)

    def _addressed(self, jid: str) -> str:
        """Return a person's LID where the library's store knows it: a direct chat's messages come and go under that.

        Before it has logged in the store can't be asked: the library would end the process.
        """
        number = phone_in(jid) if self._own else None
        lid = self.lid_of(number) if number else None
        return f"{lid}@{LIDS}" if lid else jid

    def mark_read(self, read: MarkRead) -> None:
        """Send receipts; to the writer's own name in the chat, or they are receipts of nothing."""
        self._tell(
            lambda: self._client.mark_read(
                *read.whatsapp_ids,
                chat=_jid(self._addressed(read.chat)),
                sender=_jid(self._addressed(read.sender)),
                receipt=ReceiptType.PLAYED if read.played else ReceiptType.READ,
            )
        )

    def show_typing(self, typing: Typing) -> None:
        """Send a chat's state."""
        paused, recording = typing.state is Composing.PAUSED, typing.state is Composing.RECORDING
        state = ChatPresence.CHAT_PRESENCE_PAUSED if paused else ChatPresence.CHAT_PRESENCE_COMPOSING
        media = ChatPresenceMedia.CHAT_PRESENCE_MEDIA_AUDIO if recording else ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT
        self._tell(lambda: self._client.send_chat_presence(_jid(self._addressed(typing.chat)), state, media))

    def show_online(self, *, online: bool) -> None:
        """Send the presence."""
        self._tell(lambda: self._client.send_presence(Presence.AVAILABLE if online else Presence.UNAVAILABLE))

    def reject_call(self, call: IncomingCall) -> None:
        """Reject it, as the device that it rang on."""
        self._tell(lambda: self._client.reject_call(_jid(self._addressed(call.caller)), call.id))

    @staticmethod
    def _tell(act: Callable[[], object]) -> None:
        try:
            act()
        except NeonizeError as error:
            raise unanswered(str(error)) from None

    def media_connection(self) -> MediaConnection:
        """Return what the trace told of last; an upload of one byte has the library ask anew where that is over."""
        try:
            found = self._media_connections.now(lambda: self._client.upload(b"\0", MediaType.MediaDocument))
        except NeonizeError:
            raise NotSent from None
        if found is None:
            raise NotSent
        return found

    def contact(self, who: str) -> Contact:
        """Ask WhatsApp; it takes numbers with their +."""
        lid = lid_in(who)
        if lid is None:
            return self._contact(who)
        phone = self.phone_of(lid)
        if phone:
            return replace(self._contact(phone), lid=who)
        try:
            (found,) = self._client.get_user_info(build_jid(lid, LIDS))
        except NeonizeError as error:
            raise unanswered(str(error)) from None
        # Everybody has one device, the phone.
        there = bool(found.UserInfo.Devices)
        return Contact(exists=there, jid=who, lid=who) if there else Contact(exists=False)

    def phone_of(self, lid: str) -> str | None:
        """Ask the library's store."""
        return self._phone_of(build_jid(lid, LIDS))

    def lid_of(self, phone: str) -> str | None:
        """Ask the library's store."""
        try:
            return str(self._client.get_lid_from_pn(build_jid(phone, USERS)).User) or None
        except NeonizeError:
            return None

    def _contact(self, number: str) -> Contact:
        numbers = forms(number)
        try:
            answers = self._client.is_on_whatsapp(*(f"+{one}" for one in numbers))
        except NeonizeError as error:
            raise unanswered(str(error)) from None
        found = contact(answers, numbers)
        phone, lid = phone_in(found.jid), lid_in(found.lid)
        if lid is None and phone:
            lid = self.lid_of(phone)
        if lid is None:
            return found
        # Of two forms that WhatsApp knows, the one that it calls the person by.
        own = self.phone_of(lid)
        return replace(found, jid=f"{own}@{USERS}" if own in numbers else found.jid, lid=f"{lid}@{LIDS}")

    def groups(self) -> list[Group]:
        """Ask WhatsApp."""
        try:
            found = self._client.get_joined_groups()
        except NeonizeError as error:
            raise unanswered(str(error)) from None
        return [group(info) for info in found]

    def logout(self) -> bool:
        """Ask WhatsApp to unlink the device."""
        try:
            self._client.logout()
        except NeonizeError:
            return False
        return True

    def disconnect(self) -> None:
        """Close the websocket; the library's ``stop`` isn't needed by a process that ends."""
        self._client.disconnect()

    def _connect(self) -> None:
        error: str | None = None
        try:
            self._client.connect(self._proxy)
        except Exception as failure:  # noqa: BLE001 - a client that ended must not look as if it went on
            error = str(failure)
        # What the log said before this comes first: it may say why.
        library_s_log.join()
        self._emit(c.EndedEvent(error))
        # It may only have ended its event loop, over something that it can't hand on, and still be connected: it would
        # go on to acknowledge messages that nobody gets.
        self._client.disconnect()

    def _event(self, uuid: int, binary: int, size: int, code: int) -> None:
        """Handle an event as it comes out of the library. It has told WhatsApp that the message is ours."""
        try:
            self._parse(uuid, binary, size, code)
        except DecodeError:
            self._log.warning("client_event_unparsed", code=code)
            info = info_of(string_at(binary, size)) if code == ev.EVENT_TO_INT[ev.MessageEv] else None
            if info is not None:
                self._heard(
                    lambda found: self._came_in(unparsed(found, self._phone_of)), None, MessageInfo.FromString(info)
                )

    def _heard(self, handle: Callable[[Any], None], _: Any, message: Any) -> None:
        """Handle an event; one that can't be read is told by its name, and the next one is handled all the same."""
        try:
            make_readable(message)
            handle(message)
        except Exception:  # noqa: BLE001 - it comes from outside, and the library would print it
            self._log.warning("client_event_broken", kind=type(message).__name__)

    def _handlers(self) -> dict[Any, Any]:
        emit = self._emit
        return {
            ev.PairStatusEv: self._paired,
            ev.ConnectedEv: lambda _: self._connected(),
            ev.DisconnectedEv: lambda _: emit(c.DisconnectedEvent()),
            ev.KeepAliveTimeoutEv: lambda _: emit(c.KeepAliveTimeoutEvent()),
            ev.KeepAliveRestoredEv: lambda _: emit(c.KeepAliveRestoredEvent(self._device())),
            ev.LoggedOutEv: lambda message: emit(c.LoggedOutEvent(_REFUSALS.get(message.Reason, 0))),
            ev.StreamReplacedEv: lambda _: emit(c.StreamReplacedEvent()),
            ev.ClientOutdatedEv: lambda _: emit(c.ClientOutdatedEvent()),
            ev.TemporaryBanEv: lambda message: emit(
                c.TemporaryBanEvent(_BANS.get(message.Code, 0), int(message.Expire))
            ),
            ev.ConnectFailureEv: lambda message: emit(c.ConnectFailureEvent(_REFUSALS.get(message.Reason, 0))),
            ev.MessageEv: lambda message: self._came_in(incoming(message, self._phone_of)),
            ev.UndecryptableMessageEv: lambda message: self._came_in(undecryptable(message, self._phone_of)),
            ev.ReceiptEv: self._receipt,
            ev.GroupInfoEv: self._group_changed,
            ev.JoinedGroupEv: lambda event: self._came_in(
                notices.joined(event, self._own, self._phone_of, now=time.time_ns() // 1_000_000)
            ),
            ev.CallOfferEv: lambda event: self._came_in(notices.offered(event, self._own, self._phone_of)),
            ev.CallOfferNoticeEv: lambda event: self._came_in(notices.group_offered(event, self._own, self._phone_of)),
            ev.CallAcceptEv: lambda event: self._came_in(notices.accepted(event, self._own, self._phone_of)),
            ev.CallTerminateEv: lambda event: self._came_in(notices.ended(event, self._own, self._phone_of)),
        }

    def _came_in(self, incoming: c.Incoming | None) -> None:
        if incoming:
            self._hand_over.message(incoming)

    def _group_changed(self, event: Any) -> None:
        for notice in notices.group_events(event, self._own, self._phone_of):
            self._came_in(notice)

    def _receipt(self, message: Any) -> None:
        found = receipt(message, self._phone_of)
        if isinstance(found, c.ReceiptEvent):
            self._hand_over.receipt(found)
        elif found:
            self._hand_over.message(found)

    def _phone_of(self, lid: Any) -> str | None:
        try:
            return str(self._client.get_pn_from_lid(lid).User) or None
        except NeonizeError:
            return None

    def _scanned(self, outcome: str) -> None:
        """The codes are of no more use: one was scanned, for better or worse, or the socket closed."""
        # What the log said before this comes first: only there a round that ran out differs from a socket that closed.
        library_s_log.join()
        event = scanned(outcome)
        if event:
            self._emit(event)

    def _paired(self, message: Any) -> None:
        if message.Status == ev.PairStatusEv.SUCCESS:
            self.linked_as = replace(self._device(), jid=Jid2String(message.ID))
            self._emit(c.PairSuccessEvent(self.linked_as))
        else:
            self._emit(c.PairErrorEvent(str(message.Error)))

    def _connected(self) -> None:
        if self._stanzas:
            self._stanzas.close()
            self._stanzas = None
        self._own = self.linked_as = self._device()
        self._emit(c.ConnectedEvent(self._own))

    def _device(self) -> Device:
        me = self._client.get_me()
        lid = Jid2String(me.LID) if me.LID.User else None
        return Device(jid=Jid2String(me.JID), lid=lid, platform=me.Platform or None)


def _jid(jid: str) -> Any:
    user, _, server = jid.partition("@")
    return build_jid(user, server)


def _bare(jid: str) -> str:
    """Return a JID without its device."""
    user, at, server = jid.partition("@")
    return f"{user.partition(':')[0].partition('.')[0]}{at}{server}"
