"""``python -m infra.costs``: a month's bill, or where the quotas end (``--scale``), as tables for the documents."""

import argparse
import sys

from infra.costs.bill import assumption_table, bill_table, price_table, prices, quotas
from infra.costs.network import break_even, network_table
from infra.costs.options import option_table
from infra.costs.scale import concurrency_table, quota_table, recovery_table


def main(arguments: list[str] | None = None) -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument("--sessions", type=_counts, help="how many, with commas between")
    parser.add_argument("--scale", action="store_true", help="what is needed beside AWS's default quotas, and recovery")
    parser.add_argument("--prices", action="store_true", help="the prices and what is assumed")
    parser.add_argument("--network", action="store_true", help="public addresses beside NAT gateways, by workers")
    parser.add_argument("--options", action="store_true", help="what a parameter adds to the bill")
    chosen = parser.parse_args(arguments)
    if chosen.scale:
        counts = chosen.sessions or [1_000, 10_000, 100_000]
        tables = "\n\n".join([quota_table(counts), concurrency_table(), recovery_table(counts)])
        sys.stdout.write(f"Default quotas, checked {quotas().checked}:\n\n{tables}\n")
    elif chosen.network:
        sys.stdout.write(f"{network_table()}\n\nThe same from {break_even():.0f} workers on.\n")
    elif chosen.options:
        sys.stdout.write(f"{option_table(chosen.sessions or [1, 100, 10_000])}\n")
    elif chosen.prices:
        sys.stdout.write(
            f"Prices in us-east-1, checked {prices().checked}:\n\n{price_table()}\n\n{assumption_table()}\n"
        )
    else:
        sys.stdout.write(bill_table(chosen.sessions or [1, 100, 10_000]) + "\n")


def _counts(text: str) -> list[int]:
    counts = [int(one) for one in text.split(",")]
    if min(counts) < 1:
        raise argparse.ArgumentTypeError("one session at least")
    return counts


if __name__ == "__main__":
    main()
