"""A linked device that is logged in: what each handler of stanzas is given."""

from dataclasses import dataclass

from infra.local.whatsapp.accounts import Account, Device
from infra.local.whatsapp.connection import Connection
from infra.local.whatsapp.network import Network


@dataclass(frozen=True, slots=True)
class Client:
    """The device, its account, its connection, and the server's state."""

    network: Network
    connection: Connection
    account: Account
    device: Device
