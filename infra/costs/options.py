"""What a parameter adds to a month's bill, where it isn't as it is by default."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from infra.costs.bill import by_service, prices, table
from infra.costs.network import address, standing, through
from infra.costs.usage import Assumed


def file_backups(sessions: int) -> float:
    """Return the dollars a month of the copies of the linked devices' files."""
    usual = Assumed()
    with_them, without = (sum(by_service(sessions, one).values()) for one in (replace(usual, file_backups=True), usual))
    return with_them - without


def own_key(_sessions: int) -> float:
    """Return the dollars a month of a key, whose use costs as much as that of AWS's own."""
    return prices().by_name["kms_key"].usd


def private_workers(sessions: int) -> float:
    """Return the dollars a month of NAT gateways and endpoints, less those of the addresses that they stand for."""
    workers = sessions + Assumed().standbys
    return standing() + workers * (through() - address())


OPTIONS: Final[dict[str, Callable[[int], float]]] = {
    "FileBackups=yes": file_backups,
    "OwnKey=yes": own_key,
    "PrivateWorkers=yes": private_workers,
}


def option_table(counts: Sequence[int]) -> str:
    """Return what each option adds with so many sessions, in dollars a month (negative: saved), in Markdown."""
    head = ["US dollars a month more", *(f"{count:,} session{'s' if count > 1 else ''}" for count in counts)]
    return table(head, [[f"`{name}`", *(f"{of(count):,.2f}" for count in counts)] for name, of in OPTIONS.items()])
