"""A phone's Signal keys. All grow from its identity, so that none but that must be kept.

Whoever has the identity has them all: no forward secrecy for a session's first messages, and none is needed here.
"""

from infra.local.whatsapp import xeddsa
from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.database import Database
from infra.local.whatsapp.keys import KEY_SIZE, KEY_TYPE, KeyPair, derived
from infra.local.whatsapp.signal.bundle import Bundle, PublicKey
from infra.local.whatsapp.signal.session import Owner

_SIGNED = 1
_HIGHEST = 0xFFFFFF  # ids have three bytes
_REGISTRATIONS = 0x3FFF


class Keyring:
    """The keys of all phones; how many one-time keys each has given out is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._signatures: dict[str, bytes] = {}

    def owner(self, account: Account) -> Owner:
        """The phone as the holder of its sessions."""
        registration = int.from_bytes(registration_of(account), "big")
        return Owner(
            account.identity,
            registration,
            lambda key: _signed(account) if key == _SIGNED else None,
            lambda key: _prekey(account, key) if 0 < key <= self._given(account) else None,
        )

    def bundle(self, account: Account) -> Bundle:
        """A bundle with a one-time key that no other has."""
        number = self._given(account) % _HIGHEST + 1
        self._database.run("INSERT OR REPLACE INTO phone_prekeys VALUES (?, ?)", account.number, number)
        signed, prekey = _signed(account), _prekey(account, number)
        signature = self._signatures.get(account.number)
        if signature is None:  # it costs some milliseconds
            signature = xeddsa.sign(account.identity.private, KEY_TYPE + signed.public)
            self._signatures[account.number] = signature
        return Bundle(
            account.identity.public, PublicKey(_SIGNED, signed.public), signature, PublicKey(number, prekey.public)
        )

    def _given(self, account: Account) -> int:
        found = self._database.rows("SELECT last FROM phone_prekeys WHERE number = ?", account.number)
        return int(found[0][0]) if found else 0


def registration_of(account: Account) -> bytes:
    """The phone's registration id: 4 bytes, of which 14 bits are used."""
    return (account.raw_id % _REGISTRATIONS + 1).to_bytes(4, "big")


def _signed(account: Account) -> KeyPair:
    return _grown(account, b"signed key")


def _prekey(account: Account, number: int) -> KeyPair:
    return _grown(account, b"one-time key %d" % number)


def _grown(account: Account, name: bytes) -> KeyPair:
    return KeyPair.from_private(derived(account.identity.private, salt=None, info=name, size=KEY_SIZE))
