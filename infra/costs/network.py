"""Public addresses against NAT gateways (``PrivateWorkers=yes``): from how many workers on the latter cost less."""

from typing import Final

from infra.costs.bill import prices, table
from infra.costs.usage import HOURS, MINUTES, POLLS_A_MINUTE, Assumed
from infra.template import TEMPLATE, load_template

PRICES: Final = ("nat_hour", "nat_gb", "endpoint_hour", "endpoint_gb")
"""What costs nothing unless workers are private."""
ZONES: Final = 2
"""Availability zones, in each of which an endpoint is paid for."""
POLL_KB: Final = 2.0
"""Of a poll of a mailbox and its answer, which go through an endpoint."""


def standing() -> float:
    """Return the dollars a month of the gateways, their addresses and the endpoints, whatever goes through them."""
    template, known = load_template(TEMPLATE), prices().by_name
    gateways = len(template.of_type("AWS::EC2::NatGateway"))
    endpoints = template.of_type("AWS::EC2::VPCEndpoint").values()
    inside: int = sum(one["VpcEndpointType"] == "Interface" for one in endpoints) * ZONES
    outside: float = gateways * (known["nat_hour"].usd + known["public_ipv4"].usd)
    return HOURS * (outside + inside * known["endpoint_hour"].usd)


def through(assumed: Assumed | None = None) -> float:
    """Return the dollars a month that one worker's traffic costs in the gateways and endpoints."""
    a, known = assumed or Assumed(), prices().by_name
    polled_gb = MINUTES * POLLS_A_MINUTE * POLL_KB / 1e6
    return known["nat_gb"].of(a.traffic_mb / 1e3) + known["endpoint_gb"].of(polled_gb)


def address() -> float:
    """Return the dollars a month of one worker's public address."""
    return prices().by_name["public_ipv4"].of(HOURS)


def break_even(assumed: Assumed | None = None) -> float:
    """Return the number of workers with which both cost the same."""
    return standing() / (address() - through(assumed))


def network_table(counts: tuple[int, ...] = (1, 10, 36, 100, 1_000)) -> str:
    """Return both side by side for so many workers, in dollars a month, in Markdown."""
    rows = [[f"{one:,}", f"{one * address():,.2f}", f"{standing() + one * through():,.2f}"] for one in counts]
    return table(["workers", "public addresses", "NAT gateways and endpoints"], rows)
