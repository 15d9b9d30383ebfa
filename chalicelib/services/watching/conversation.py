"""What a Socket.IO client says: that it wants in, that it joins or leaves a session, that it goes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.dialects import socketio as dialect
from chalicelib.domain.channel import HANDSHAKE, Channel, life_ends
from chalicelib.domain.errors import GatewayError, Invalid, Unauthenticated
from chalicelib.domain.principal import Permission, Principal
from chalicelib.domain.socketio import MAIN, Kind, Said, frame
from chalicelib.services.ports import Clock
from chalicelib.services.ports.channels import Identify
from chalicelib.services.watching.channels import Channels
from chalicelib.services.watching.limits import WatcherLimits
from chalicelib.services.watching.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Conversation:
    """Answers clients."""

    channels: Channels
    rooms: Rooms
    clock: Clock
    limits: WatcherLimits

    def hear(self, channel: Channel, said: Said, identify: Identify) -> None:
        """Answer a packet; what makes no sense now is passed over, as Socket.IO's own server does."""
        match said.kind:
            case Kind.CONNECT:
                self.channels.post(channel.sid, frame(self._admitted(channel, said, identify)))
            case Kind.DISCONNECT:
                for room in channel.rooms:
                    self.rooms.leave(channel, room)
                self.channels.change(channel.sid, lambda c: replace(c, connected=False))
            case Kind.EVENT if channel.connected and said.namespace == MAIN and not channel.ending:
                self._event(channel, said)
            case _:
                return

    def _admitted(self, channel: Channel, said: Said, identify: Identify) -> Said:
        """Return the answer to a client that wants to connect to a namespace."""
        if said.namespace != MAIN:
            return Said(Kind.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace=said.namespace)
        token = said.data.get("token") if isinstance(said.data, dict) else None
        token = token if isinstance(token, str) and token else None
        try:
            if token or not channel.principal:
                self.bind(channel, lambda: identify(token))
        except GatewayError as error:
            data = {"code": error.code, "status": error.status}
            return Said(Kind.CONNECT_ERROR, {"message": error.message, "data": data})
        self.channels.change(channel.sid, lambda c: replace(c, connected=True))
        # What a client calls its id isn't what it is recognised by: pages show and log it.
        return Said(Kind.CONNECT, {"sid": self.channels.new_sid()})

    def _event(self, channel: Channel, said: Said) -> None:
        event, *values = said.data
        name = values[0] if values else None
        try:
            if event == dialect.JOIN:
                watcher = self.rooms.enter(channel, name)
                self._acknowledge(channel, said, {"success": True, "sessionName": watcher.session})
                self.rooms.catch_up(watcher)
            elif event == dialect.LEAVE:
                self._acknowledge(channel, said, {"success": True, "sessionName": self.rooms.leave(channel, name)})
        except GatewayError as error:
            self._refuse(channel, said, name, error)

    def _refuse(self, channel: Channel, said: Said, name: Any, error: GatewayError) -> None:
        if said.ack is None:
            told = name if isinstance(name, str) else ""
            self.channels.post(channel.sid, dialect.complaint(error, told[:100], self.clock()))
        else:
            self._acknowledge(channel, said, {"success": False, "error": error.message, "code": error.code})

    def _acknowledge(self, channel: Channel, said: Said, answer: dict[str, Any]) -> None:
        if said.ack is not None:
            self.channels.post(channel.sid, frame(Said(Kind.ACK, [answer], said.ack)))

    def bind(self, channel: Channel, who_knocks: Callable[[], Principal]) -> Channel | None:
        """Note whose channel it is; it ends with the credential.

        The credential is looked at again when the channel is on its principal's list: whoever ends a credential writes
        that first and closes what is on the list then, so one of the two sees the other. If it isn't as good as it was,
        or the tenant has too many watchers, the channel is nobody's again; one that was somebody's before is closed.
        Raises what ``who_knocks`` raises, Invalid, and TooManyWatchers.
        """
        principal = who_knocks()
        if channel.principal and not same(channel, principal):
            raise Invalid("The token isn't that of the handshake.")
        ends = life_ends(self.clock(), principal.expires_at)
        bound = self.channels.change(
            channel.sid,
            lambda c: replace(
                c,
                tenant=principal.tenant,
                principal=principal.name,
                only=principal.session,
                codes=principal.may(Permission.SESSIONS_LINK),
                token=principal.token,
                expires_at=ends,
            ),
        )
        if bound:
            self.channels.store.enlist(bound)
            try:
                if who_knocks().role is not principal.role:
                    raise Unauthenticated("Your role was changed at this moment. Connect again.")
                self.limits.of_tenant(principal.tenant)
            except GatewayError:
                if channel.principal is None:
                    self._release(bound)
                else:
                    # It may follow sessions by now.
                    self.channels.close(bound.sid)
                raise
        return bound

    def _release(self, channel: Channel) -> None:
        """Let the channel be nobody's again, for as long as one that just came has to show who it is."""
        self.channels.change(
            channel.sid,
            lambda c: replace(
                c,
                tenant=None,
                principal=None,
                only=None,
                codes=False,
                token=None,
                connected=False,
                expires_at=self.clock() + HANDSHAKE,
            ),
        )
        self.channels.store.delist(channel)


def same(channel: Channel, principal: Principal) -> bool:
    """Whether the channel is that principal's."""
    return (channel.tenant, channel.principal) == (principal.tenant, principal.name)
