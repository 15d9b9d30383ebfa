"""The identities' port in memory: whole, with the same guarantees as the adapter, which runs the same suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.adapters.dynamodb.messages import KNOWN
from chalicelib.domain.jid import Identity


@dataclass
class MemoryIdentities:
    """IdentityStore."""

    rows: dict[tuple[str, str], tuple[Identity, int]] = field(default_factory=dict)

    def note(self, uid: str, jids: Sequence[str], identity: Identity, *, now: int) -> None:
        for jid in jids:
            self.rows[uid, jid] = identity, now // 1000 + KNOWN

    def find(self, uid: str, jids: Sequence[str], *, now: int) -> Mapping[str, Identity]:
        stand = {jid: self.rows[uid, jid] for jid in jids if (uid, jid) in self.rows}
        return {jid: identity for jid, (identity, until) in stand.items() if until > now // 1000}

    def forget(self, uid: str, jid: str) -> None:
        self.rows.pop((uid, jid), None)
