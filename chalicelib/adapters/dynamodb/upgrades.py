"""The upgrade in the table: one item, written by the sweep alone."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib.adapters.dynamodb.table import Table
from chalicelib.reading import Reader
from chalicelib.services.ports import Upgrade

_UPGRADE: Final = Reader(Upgrade)

KEY: Final = "UPGRADE"


@dataclass(frozen=True, slots=True)
class DynamoUpgrades:
    """The UpgradeStore port."""

    table: Table

    def get(self) -> Upgrade | None:
        """Read it."""
        item = self.table.get(KEY, KEY)
        return _UPGRADE.plain(item) if item else None

    def put(self, upgrade: Upgrade) -> None:
        """Write it."""
        fields: dict[str, Any] = msgspec.to_builtins(upgrade)
        self.table.put({"pk": KEY, "sk": KEY, **fields})
