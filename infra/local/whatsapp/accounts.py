"""WhatsApp accounts and their linked devices, as the server and the phones know them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.local.whatsapp.jid import LIDS, PHONES, Jid
from infra.local.whatsapp.keys import KeyPair


@dataclass(frozen=True, slots=True)
class PreKey:
    """A companion's one-time or signed key: id (3 bytes), public key, and the signature of a signed one."""

    id: bytes
    value: bytes
    signature: bytes = b""


@dataclass(slots=True)
class Device:
    """A linked device. `number` is its place in the account; the Noise key is what it logs in with."""

    number: int
    noise_key: bytes
    identity: bytes
    registration: bytes
    signed_prekey: PreKey
    platform: str
    linked_at: int
    prekeys: list[PreKey] = field(default_factory=list)


@dataclass(slots=True)
class Account:
    """One phone number: its hidden id (LID), the phone's identity keys, the name it shows, its linked devices."""

    number: str
    lid: str
    identity: KeyPair
    raw_id: int
    name: str
    last_device: int = 0
    devices: dict[int, Device] = field(default_factory=dict)

    @property
    def jid(self) -> Jid:
        """The address by phone number."""
        return Jid(self.number, PHONES)

    @property
    def lid_jid(self) -> Jid:
        """The address by hidden id, which clients use for all else."""
        return Jid(self.lid, LIDS)

    def next_device(self) -> int:
        """A place for one more device; a number never returns after its device is gone."""
        self.last_device += 1
        return self.last_device


def lid_of(number: str) -> str:
    """The hidden id of a phone number: 15 digits that begin with 2, the same each time."""
    digest = hashlib.sha256(f"lid of {number}".encode()).digest()
    return f"2{int.from_bytes(digest[:8], 'big') % 10**14:014d}"


class Accounts:
    """All accounts, found by number or LID."""

    def __init__(self) -> None:
        self._by_number: dict[str, Account] = {}
        self._by_lid: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_number.values())

    def add(self, account: Account) -> None:
        """Take in an account."""
        self._by_number[account.number] = account
        self._by_lid[account.lid] = account

    def of(self, jid: Jid) -> Account | None:
        """The account behind an address of either kind."""
        return (self._by_lid if jid.server == LIDS else self._by_number).get(jid.user)

    def numbered(self, number: str) -> Account | None:
        """The account of a phone number."""
        return self._by_number.get(number)

    def opened(self, number: str, name: str | None, raw_id: int) -> Account:
        """The account of a number, registered now if it is new; a name given replaces the former one."""
        account = self._by_number.get(number)
        if account is None:
            account = Account(number, lid_of(number), KeyPair.generate(), raw_id, name or number)
            self.add(account)
        elif name:
            account.name = name
        return account
