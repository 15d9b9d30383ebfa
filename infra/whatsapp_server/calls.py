"""Calls that phones make: the server carries that somebody calls, hangs up or declines; nobody can speak."""

import secrets
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from chalicelib.wire.node import Attribute, Node
from infra.whatsapp_server.accounts import Account, Accounts
from infra.whatsapp_server.clock import now_ms, now_s
from infra.whatsapp_server.errors import UnknownCall
from infra.whatsapp_server.post import Post

_REMEMBERED: Final = 1000


class CallState(StrEnum):
    """How far a call has come."""

    RINGING = "ringing"
    DECLINED = "declined"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Call:
    """A call between two numbers. ``at`` is in milliseconds since the epoch, ``reason`` why it ended."""

    id: str
    caller: str
    callee: str
    video: bool
    at: int
    state: CallState = CallState.RINGING
    reason: str | None = None


class Calls:
    """The latest calls, as long as the server runs."""

    def __init__(self, accounts: Accounts, post: Post) -> None:
        self._accounts = accounts
        self._post = post
        self._calls: deque[Call] = deque(maxlen=_REMEMBERED)

    def of(self, phone: Account) -> list[Call]:
        """The calls that a phone made or got, the newest last."""
        return [call for call in self._calls if phone.number in (call.caller, call.callee)]

    def start(self, caller: Account, callee: Account, *, video: bool) -> Call:
        """Let all devices of the callee ring."""
        call = Call(secrets.token_hex(16).upper(), caller.number, callee.number, video, now_ms())
        self._calls.append(call)
        media = (Node("audio", {"enc": "opus", "rate": "16000"}), *([Node("video", {"enc": "vp8"})] if video else []))
        self._ring(call, "offer", {"caller_pn": caller.jid}, media)
        return call

    def end(self, phone: Account, call_id: str, *, reason: str | None) -> Call:
        """Hang up, as the caller or the callee; UnknownCall if the phone has no such call that rings."""
        call = next((one for one in self.of(phone) if one.id == call_id and one.state is CallState.RINGING), None)
        if call is None:
            raise UnknownCall(f"{phone.number} has no call {call_id} that rings.")
        declined = phone.number == call.callee
        ended = self._note(call, CallState.DECLINED if declined else CallState.ENDED, reason)
        self._ring(ended, "terminate", {"reason": reason} if reason else {})
        return ended

    def accept(self, callee: Account, stanza: Node) -> Node:
        """Take a device's word that its owner declines a call; the acknowledgement."""
        rejected = stanza.find("reject")
        for call in self.of(callee):
            if rejected and call.id == rejected.text("call-id") and call.callee == callee.number:
                self._note(call, CallState.DECLINED, None)
        kind: dict[str, Attribute] = {"type": stanza.children[0].tag} if stanza.children else {}
        return Node("ack", {"class": "call", "id": stanza.text("id"), "from": stanza.jid("to"), **kind})

    def _note(self, call: Call, state: CallState, reason: str | None) -> Call:
        changed = replace(call, state=state, reason=reason)
        self._calls[self._calls.index(call)] = changed
        return changed

    def _ring(self, call: Call, tag: str, about: dict[str, Attribute], media: tuple[Node, ...] = ()) -> None:
        caller, callee = self._accounts.numbered(call.caller), self._accounts.numbered(call.callee)
        if caller is None or callee is None:
            return
        named: dict[str, Attribute] = {"call-id": call.id, "call-creator": caller.lid_jid, **about}
        attributes: dict[str, Attribute] = {
            "from": caller.lid_jid,
            "id": secrets.token_hex(8).upper(),
            "t": now_s(),
            "platform": "android",
            "version": "2.26.1",
            "notify": caller.name,
        }
        stanza = Node("call", attributes, (Node(tag, named, media or None),))
        for device in callee.devices:
            self._post.deliver((callee.number, device), stanza)
