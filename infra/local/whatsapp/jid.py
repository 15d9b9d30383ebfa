"""WhatsApp's addresses: user, device and server."""

from dataclasses import dataclass, replace

PHONES = "s.whatsapp.net"
LIDS = "lid"
BROADCASTS = "broadcast"
HOSTED = "hosted"
HOSTED_LIDS = "hosted.lid"
MESSENGER = "msgr"
INTEROP = "interop"


class MalformedJid(ValueError):
    """The text is no address."""


@dataclass(frozen=True, slots=True)
class Jid:
    """An address. `device` 0 is the phone itself; an empty `user` stands for the server; `integrator` is interop's."""

    user: str
    server: str
    device: int = 0
    integrator: int = 0

    def __str__(self) -> str:
        """As WhatsApp writes it: `user:device@server`, or the server alone."""
        if not self.user:
            return self.server
        device = f":{self.device}" if self.device else ""
        return f"{self.user}{device}@{self.server}"

    @classmethod
    def parse(cls, text: str) -> "Jid":
        """Read `user@server`, `user:device@server` or a server alone."""
        name, separator, server = text.rpartition("@")
        user, _, device = name.partition(":")
        if not server or (separator and not user) or (device and not device.isdecimal()):
            raise MalformedJid(f"{text!r} is no JID")
        return cls(user, server, int(device or 0))

    def on(self, device: int) -> "Jid":
        """The same account's `device`."""
        return replace(self, device=device)


SERVER = Jid("", PHONES)
