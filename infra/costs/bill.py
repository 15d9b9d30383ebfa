"""A month's bill, of AWS's prices and quotas as they were found on a day, each with where."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from infra.costs.usage import Assumed, month

HERE: Final = Path(__file__).parent
UNVERIFIED: Final = "not verified"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Price:
    """``usd`` for ``per`` of ``unit``; ``as_of`` is the date of the source, None where no source was found."""

    service: str
    usd: float
    per: int
    unit: str
    as_of: str | None
    source: str | None

    def of(self, quantity: float) -> float:
        """Return what ``quantity`` costs, in dollars."""
        return self.usd * quantity / self.per


@dataclass(frozen=True, slots=True)
class Quota:
    """What AWS allows an account by ``default``."""

    service: str
    what: str
    default: int
    adjustable: bool
    note: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A table as it was checked on a day."""

    checked: str
    by_name: Mapping[str, T]


def prices() -> "Dated[Price]":
    """Return the prices of us-east-1, without free tiers and volume discounts."""
    told = _read("prices.json")
    return Dated(told["checked"], {name: Price(**one) for name, one in told["prices"].items()})


def quotas() -> "Dated[Quota]":
    """Return the default quotas."""
    told = _read("quotas.json")
    return Dated(told["checked"], {name: Quota(**one) for name, one in told["quotas"].items()})


def _read(name: str) -> Any:
    return json.loads((HERE / name).read_text())


SPOT = "fargate_spot_share"


def by_service(sessions: int, assumed: Assumed | None = None) -> Mapping[str, float]:
    """Return the dollars of a month by service, with workers on demand."""
    table, bill = prices().by_name, dict[str, float]()
    for name, quantity in month(sessions, assumed).items():
        price = table[name]
        bill[price.service] = bill.get(price.service, 0.0) + price.of(quantity)
    return bill


def bill_table(counts: Sequence[int], assumed: Assumed | None = None) -> str:
    """Return the bills for so many sessions side by side, in Markdown, without services that cost nothing."""
    bills = [by_service(count, assumed) for count in counts]
    spot = prices().by_name[SPOT].usd
    used = [service for service in bills[0] if any(bill[service] for bill in bills)]
    rows = [[service, *(_dollars(bill[service]) for bill in bills)] for service in used]
    on_demand = [sum(bill.values()) for bill in bills]
    saved = [total - bill["Fargate"] * (1 - spot) for total, bill in zip(on_demand, bills, strict=True)]
    rows.append(["**together**", *(f"**{_dollars(total)}**" for total in on_demand)])
    rows.append(["together, workers on Spot", *map(_dollars, saved)])
    rows.append(["a session, on demand", *(_dollars(total / n) for total, n in zip(on_demand, counts, strict=True))])
    rows.append(["a session, on Spot", *(_dollars(total / n) for total, n in zip(saved, counts, strict=True))])
    head = ["US dollars a month", *(f"{count:,} session{'s' if count > 1 else ''}" for count in counts)]
    return table(head, rows)


def price_table() -> str:
    """Return the prices with their sources, in Markdown."""
    rows = [
        [
            price.service,
            f"{price.usd:.10f}".rstrip("0").rstrip("."),
            f"{price.per:,}",
            price.unit,
            *_where(price.as_of, price.source),
        ]
        for price in prices().by_name.values()
    ]
    return table(["service", "US dollars", "for", "unit", "as of", "source"], rows)


def assumption_table(assumed: Assumed | None = None) -> str:
    """Return what is assumed of a session, in Markdown."""
    a = assumed or Assumed()
    return table(["assumed", "value"], [[f"`{one.name}`", str(getattr(a, one.name))] for one in fields(a)])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are numbers or words alike."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _dollars(amount: float) -> str:
    return f"{amount:,.2f}"


def _where(as_of: str | None, source: str | None) -> tuple[str, str]:
    return as_of or "", source or UNVERIFIED
