"""What Socket.IO needs from outside, as Protocols; the adapters and the tests' fakes implement them whole."""

from typing import Protocol

from chalicelib.domain.channel import Channel
from chalicelib.domain.principal import Principal
from chalicelib.domain.watcher import Watcher


class ChannelStore(Protocol):
    """Channels by the hashes of their sids, the connections that belong to them, and what was said in their rooms."""

    def add(self, channel: Channel) -> None:
        """Store a new channel, and whose the connection is if it has one."""

    def get(self, sid: str) -> Channel | None:
        """Return it, read consistently."""

    def change(self, channel: Channel) -> bool:
        """Write ``channel`` over the serial before its own; False, and nothing written, if that isn't what stands."""

    def remove(self, channel: Channel) -> None:
        """Forget it with its subscriptions and its connection; one that is gone is no error."""

    def enlist(self, channel: Channel) -> None:
        """Put the channel among its tenant's watchers, and its principal's, so that a credential's end finds it."""

    def delist(self, channel: Channel) -> None:
        """Take it from both lists; one that isn't there is no error."""

    def bind(self, connection: str, channel: Channel) -> None:
        """Note that the connection asks for the channel."""

    def bound(self, connection: str) -> str | None:
        """Return the sid of the channel that the connection is, or asks for."""

    def unbind(self, connection: str) -> None:
        """Forget the connection; one that is gone is no error."""

    def subscribe(self, channel: Channel, room: str) -> Watcher:
        """Let it follow its tenant's session ``room``, as if nothing had been said to it yet; return that."""

    def unsubscribe(self, channel: Channel, room: str) -> None:
        """Let it follow that session no more."""

    def say(self, tenant: str, room: str, sid: str, *, topic: str, key: str) -> bool:
        """Note ``key`` as the last said of a topic; False if it is, or if the channel doesn't follow the session."""

    def arrived(self, address: str, *, now: int, most: int) -> bool:
        """Count a new channel from ``address``; False, and nothing counted, if ``most`` came this minute already."""


class ChannelWakes(Protocol):
    """Jobs of the wake queue that are about channels; ``delay`` in seconds."""

    def greet(self, sid: str, *, delay: float) -> None:
        """Have the channel's connection sent its open packet."""

    def beat(self, sid: str, *, delay: float) -> None:
        """Have the channel pinged, or ended if its client is gone or its time is up."""

    def part(self, sid: str, *, delay: float) -> None:
        """Have the client disconnected."""

    def still_lost(self, uid: str, *, delay: float) -> None:
        """Have the session looked at, and those in its room told if its connection is still lost."""


class NewSid(Protocol):
    """Sids of clients."""

    def __call__(self) -> str:
        """Return one that nobody can guess, and that fits into an address."""


class Identify(Protocol):
    """Who a client is."""

    def __call__(self, token: str | None) -> Principal:
        """Return who that is, or who somebody without a token is; raises GatewayError."""
