"""A process with nothing but the real client: raw_client.py DATABASE. Prints its events as JSON lines.

It takes words on its standard input: `logout`, `pair NUMBER`, `connected?`, `available`, `send NUMBER TEXT`, `read LID ID`, `played LID ID`,
`check NUMBER`, `groups`, `hidden`, `message JID MESSAGE`, `vote ID OPTION`, `open ID`, `subscribe LID`, `typing LID STATE`, `reject LID CALL`, `upload KIND FILE`,
`download FILE MESSAGE` (a waE2E.Message in hexadecimal), `group ACT ARGUMENTS` (JSON: see `raw_groups.py`). When that
closes, the process ends.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from neonize import events
from neonize._binder import consume_bytes_struct, gocode
from neonize.client import NewClient
from neonize.exc import NeonizeError
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message
from neonize.utils import extract_text
from neonize.utils.enum import ChatPresence, ChatPresenceMedia, MediaType, Presence, ReceiptType
from neonize.utils.jid import Jid2String, build_jid

from tests.whatsapp_server import raw_groups

# The client library writes to the standard output what nobody asked for; that goes to the standard error here.
EVENTS = os.dup(1)
os.dup2(2, 1)


TOLD = {
    events.ConnectedEv: "connected",
    events.OfflineSyncCompletedEv: "synced",
    events.DisconnectedEv: "disconnected",
    events.StreamReplacedEv: "replaced",
    events.TemporaryBanEv: "banned",
    events.ClientOutdatedEv: "outdated",
    events.ConnectFailureEv: "refused",
}


MESSAGES: dict[str, events.MessageEv] = {}
"""Those that came in, by id."""

# What neonize forgot, without which it takes what its library answers for something else.
gocode.DecryptPollVote.errcheck = consume_bytes_struct


def say(event: str, **fields: object) -> None:
    os.write(EVENTS, (json.dumps({"event": event, **fields}) + "\n").encode())


def main(database: str) -> None:
    logging.getLogger("neonize.utils.log").setLevel(logging.DEBUG if "DEBUG" in os.environ else logging.ERROR)
    client = NewClient(f"{database}?_foreign_keys=on&_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=5000&x=")
    client.qr(lambda _client, code: say("qr", code=code.decode()))
    for kind, word in TOLD.items():
        client.event(kind)(lambda _client, _event, word=word: say(word))
    client.event(events.PairStatusEv)(lambda _client, event: say("pair", number=event.ID.User, device=event.ID.Device))
    client.event(events.LoggedOutEv)(lambda _client, event: say("logged_out", on_connect=event.OnConnect))
    client.event(events.MessageEv)(lambda _client, event: say_message(event))
    client.event(events.ReceiptEv)(lambda _client, event: say_receipt(event))
    client.event(events.ChatPresenceEv)(lambda _client, event: say_typing(event))
    client.event(events.PresenceEv)(lambda _client, event: say_presence(event))
    client.event(events.CallOfferEv)(lambda _client, event: say_call("call", event.basicCallMeta))
    client.event(events.CallTerminateEv)(
        lambda _client, event: say_call("call_ended", event.basicCallMeta, reason=event.reason)
    )
    client.event(events.UndecryptableMessageEv)(
        lambda _client, event: say("undecryptable", id=event.Info.ID, unavailable=event.IsUnavailable)
    )
    raw_groups.tell(client, say)
    threading.Thread(target=listen, args=(client,), daemon=True).start()
    client.connect()


def say_message(event: events.MessageEv) -> None:
    info = event.Info
    source = info.MessageSource
    say(
        "message",
        id=info.ID,
        text=extract_text(event.Message),
        chat=source.Chat.User,
        sender=source.Sender.User,
        device=source.Sender.Device,
        phone=source.SenderAlt.User,
        mine=source.IsFromMe,
        name=info.Pushname,
        peer=info.Category == "peer",
        group=source.IsGroup,
        edit=info.Edit,
        key=key_of(event.Message),
        raw=event.Message.SerializeToString().hex(),
    )
    MESSAGES[info.ID] = event


def key_of(message: Message) -> dict[str, object] | None:
    """Which message it deletes, if it deletes one."""
    if not message.protocolMessage.HasField("key"):
        return None
    key = message.protocolMessage.key
    return {"id": key.ID, "from_me": key.fromMe, "participant": key.participant}


def say_receipt(event: events.ReceiptEv) -> None:
    kind = events.ReceiptEv.ReceiptType.Name(event.Type).lower()
    source = event.MessageSource
    say(
        "receipt",
        kind=kind,
        ids=list(event.MessageIDs),
        device=source.Sender.Device,
        sender=source.Sender.User,
        chat=source.Chat.User,
    )


def say_typing(event: events.ChatPresenceEv) -> None:
    states, media = events.ChatPresenceEv.ChatPresence, events.ChatPresenceEv.ChatPresenceMedia
    source, state = event.MessageSource, states.Name(event.State)
    say("typing", chat=source.Chat.User, sender=source.Sender.User, state=state, media=media.Name(event.Media))


def say_presence(event: events.PresenceEv) -> None:
    say("presence_of", sender=event.From.User, unavailable=event.Unavailable, last_seen=event.LastSeen)


def say_call(word: str, meta: Any, **fields: object) -> None:
    say(word, sender=meta.callCreator.User, phone=meta.callCreatorAlt.User, id=meta.callID, **fields)


def send(client: NewClient, number: str, text: str) -> None:
    started = time.monotonic()
    try:
        sent = client.send_message(number, text)
    except NeonizeError as error:
        say("send_failed", error=str(error))
    else:
        say("sent", id=sent.ID, took_ms=(time.monotonic() - started) * 1000)


def type_in(client: NewClient, chat: Any, state: str) -> None:
    media = (
        ChatPresenceMedia.CHAT_PRESENCE_MEDIA_AUDIO
        if state == "recording"
        else ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT
    )
    doing = ChatPresence.CHAT_PRESENCE_PAUSED if state == "paused" else ChatPresence.CHAT_PRESENCE_COMPOSING
    client.send_chat_presence(chat, doing, media)
    say("typed")


def send_raw(client: NewClient, jid: str, message: Message) -> None:
    user, _, server = jid.partition("@")
    try:
        sent = client.send_message(build_jid(user, server), message)
    except NeonizeError as error:
        say("send_failed", error=str(error))
    else:
        say("sent", id=sent.ID)


def pair(client: NewClient, number: str) -> None:
    try:
        say("code", code=client.PairPhone(number, show_push_notification=True))
    except NeonizeError as error:
        say("code_refused", error=str(error))


def be_available(client: NewClient) -> bool:
    """Whether the client let itself be seen: it refuses as long as it doesn't know its name."""
    try:
        client.send_presence(Presence.AVAILABLE)
    except NeonizeError:
        return False
    return True


def upload(client: NewClient, kind: MediaType, content: bytes) -> None:
    try:
        done = client.upload(content, kind)
    except NeonizeError as error:
        say("upload_failed", error=str(error))
        return
    keys = {"key": done.MediaKey.hex(), "sha256": done.FileSHA256.hex(), "enc_sha256": done.FileEncSHA256.hex()}
    say("uploaded", url=done.url, direct_path=done.DirectPath, size=done.FileLength, **keys)


def download(client: NewClient, file: Path, message: Message) -> None:
    try:
        content = client.download_any(message)
    except NeonizeError as error:
        say("download_failed", error=str(error))
        return
    file.write_bytes(content or b"")
    say("downloaded")


def a_group(info: Any) -> dict[str, object]:
    return {
        "jid": Jid2String(info.JID),
        "name": info.GroupName.Name,
        "topic": info.GroupTopic.Topic,
        "owner": Jid2String(info.OwnerJID),
        "owner_phone": Jid2String(info.OwnerPN),
        "created": info.GroupCreated,
        "named": info.GroupName.NameSetAt,
        "members": [Jid2String(one.JID) for one in info.Participants],
        "phones": [Jid2String(one.PhoneNumber) for one in info.Participants],
    }


def listen(client: NewClient) -> None:  # noqa: C901, PLR0912  # a case for each word
    for line in sys.stdin:
        match line.rstrip("\n").split(" ", 2):
            case ["send", number, text]:
                send(client, number, text)
            case ["read" | "played" as how, lid, name]:
                chat = build_jid(lid, "lid")
                client.mark_read(name, chat=chat, sender=chat, receipt=ReceiptType[how.upper()])
                say("marked")
            case ["pair", number]:
                pair(client, number)
            case ["check", number]:
                answers = client.is_on_whatsapp(number)
                say("checked", found=[[one.Query, one.IsIn, Jid2String(one.JID)] for one in answers])
            case ["groups"]:
                say("groups", groups=[a_group(info) for info in client.get_joined_groups()])
            case ["message", jid, message]:
                send_raw(client, jid, Message.FromString(bytes.fromhex(message)))
            case ["vote", name, option]:
                info = MESSAGES[name].Info
                send_raw(client, Jid2String(info.MessageSource.Chat), client.build_poll_vote(info, [option]))
            case ["open", name]:
                opened = client.decrypt_poll_vote(MESSAGES[name])
                say("opened", hashes=[one.hex() for one in opened.selectedOptions])
            case ["upload", kind, file]:
                upload(client, MediaType[kind], Path(file).read_bytes())
            case ["download", file, message]:
                download(client, Path(file), Message.FromString(bytes.fromhex(message)))
            case ["hidden"]:
                client.send_presence(Presence.UNAVAILABLE)
                say("hidden")
            case ["subscribe", lid]:
                client.subscribe_presence(build_jid(lid, "lid"))
            case ["typing", lid, state]:
                type_in(client, build_jid(lid, "lid"), state)
            case ["reject", lid, call]:
                client.reject_call(build_jid(lid, "lid"), call)
                say("rejected")
            case ["group", act, arguments]:
                raw_groups.do(client, act, json.loads(arguments), say)
            case ["available"]:
                say("presence", available=be_available(client))
            case ["logout"]:
                client.logout()
                say("logged_out_itself")
            case ["connected?"]:
                say("is_connected", value=client.is_connected)
    os.kill(os.getpid(), signal.SIGKILL)  # the client's own stop can hang


main(sys.argv[1])
