"""The key of an account's settings, and what grows from it."""

from dataclasses import dataclass, field

from infra.local.whatsapp.accounts import Account
from infra.local.whatsapp.keys import KEY_SIZE, derived

_ID_SIZE = 6


@dataclass(frozen=True, slots=True)
class SettingsKey:
    """The key that a phone shares with its linked devices, and the id by which patches name it."""

    id: bytes
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, account: Account) -> "SettingsKey":
        """An account's; it is always the same, so it needs no keeping."""
        grown = derived(account.identity.private, salt=None, info=b"settings key", size=_ID_SIZE + KEY_SIZE)
        return cls(grown[:_ID_SIZE], grown[_ID_SIZE:])


@dataclass(frozen=True, slots=True)
class MutationKeys:
    """Five keys, each for one purpose."""

    index: bytes = field(repr=False)
    cipher: bytes = field(repr=False)
    value_mac: bytes = field(repr=False)
    snapshot_mac: bytes = field(repr=False)
    patch_mac: bytes = field(repr=False)

    @classmethod
    def of(cls, key: SettingsKey) -> "MutationKeys":
        """Those that grow from a settings key."""
        grown = derived(key.data, salt=None, info=b"WhatsApp Mutation Keys", size=5 * KEY_SIZE)
        return cls(*(grown[at : at + KEY_SIZE] for at in range(0, len(grown), KEY_SIZE)))
