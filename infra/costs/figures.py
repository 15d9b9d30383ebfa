"""AWS's figures as found on a day, each with where: prices.json and quotas.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

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
