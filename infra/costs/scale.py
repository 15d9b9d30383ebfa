"""Where AWS's default quotas end, and how long it takes to start so many workers: arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from chalicelib.adapters.dynamodb.control import AT_ONCE, SHARDS
from chalicelib.domain.lease import ANSWERS_WITHIN, RENEW_EVERY
from infra.concurrency import FUNCTIONS, LEAST, waiting_share
from infra.costs.bill import UNVERIFIED, quotas, table
from infra.costs.usage import Assumed, writes_a_day
from infra.template import TEMPLATE, load_template

START_S: Final = 45
"""Seconds that Fargate takes to start a task, about."""
PEAK: Final = 10
"""How many times the day's average the busiest minute is taken to be."""
RESERVED: Final = 5
"""Addresses of a subnet that AWS keeps for itself."""


SHORT_S: Final = 120
LONG_S: Final = 7200
"""Up to the first a time is told in seconds, from the second in hours."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long all sessions' workers take to be replaced at once, in seconds."""

    told: float
    swept: float


def demands(sessions: int, assumed: Assumed | None = None) -> Mapping[str, float]:
    """Return what so many sessions need, by the names of quotas.json; launches are for all at once."""
    a = assumed or Assumed()
    tasks = sessions + a.standbys
    calls = sessions * a.calls / 86_400 * PEAK
    events = sessions * (a.message_events + a.deliveries) / 86_400 * PEAK
    return {
        "fargate_vcpu": tasks * 0.25,
        "launch_rate": tasks / 60,
        "interfaces": tasks,
        "network_addresses": tasks,
        "table_writes": _table_writes(sessions, a),
        "table_writes_new": _table_writes(sessions, a),
        # Each renewal that enters another minute takes its place in the index out and puts it in.
        "partition_writes": tasks * 2 / 60 / SHARDS,
        "lambda_concurrency": calls * a.call_ms / 1000 + events * a.event_ms / 1000,
        "requests": calls,
        "connects": sessions * a.watched_hours / 2 / 86_400 * PEAK,
        "efs_connections": tasks,
    }


def _table_writes(sessions: int, a: Assumed) -> float:
    return (sessions + a.standbys) * (1000 / RENEW_EVERY + 2 / 60) + sessions * writes_a_day(a) / 86_400 * PEAK


def recovery(sessions: int) -> Recovery:
    """Return it as ECS tells of every task's end, and as the sweep alone finds them."""
    known = quotas().by_name
    rate, burst = known["launch_rate"].default, known["launch_burst"].default
    launched = max(0, sessions - burst) / rate
    found = max(launched, sessions / (AT_ONCE * SHARDS) * 60) + 60
    return Recovery(told=launched + START_S, swept=found + ANSWERS_WITHIN / 1000 + START_S)


def addresses() -> int:
    """Return how many workers the template's public subnets have addresses for, with its own parameters."""
    resources = load_template(TEMPLATE).decided({}).resources
    chosen = [resources[name]["Properties"]["CidrBlock"]["Fn::Select"] for name in ("SubnetA", "SubnetB")]
    blocks = [subnets[number] for number, subnets in chosen]
    return sum(ip_network(block).num_addresses - RESERVED for block in blocks)


def quota_table(counts: Sequence[int]) -> str:
    """Return what is needed beside what AWS gives by default, in Markdown; bold is more than that."""
    needs = [demands(count) for count in counts]
    rows = []
    for name, quota in quotas().by_name.items():
        if name not in needs[0]:
            continue
        cells = [_cell(need[name], quota.default) for need in needs]
        raised = "yes" if quota.adjustable else "no"
        rows.append(
            [quota.service, quota.what, f"{quota.default:,}", *cells, raised, quota.note, quota.source or UNVERIFIED]
        )
    room = addresses()
    cells = [_cell(count + 1, room) for count in counts]
    rows.append(
        ["VPC", "addresses in the two subnets", f"{room:,}", *cells, "no", "the template's", "infra/template.yaml"]
    )
    head = ["service", "quota", "default", *(f"{count:,}" for count in counts), "can be raised", "note", "source"]
    return table(head, rows)


def recovery_table(counts: Sequence[int]) -> str:
    """Return how long everything takes to come back, in Markdown."""
    rows = []
    for count in counts:
        back = recovery(count)
        rows.append([f"{count:,}", _span(back.told), _span(back.swept)])
    return table(["sessions lost at once", "all served again", "if only the sweep finds them"], rows)


QUOTAS: Final = (10, 100, 1_000)
"""Of concurrent executions: a new account's, one that AWS raised a little, and the usual one."""
QR_WAIT_S: Final = 20
"""Seconds that a call waits for a code if it doesn't say and none comes."""


def concurrency_table(counts: Sequence[int] = QUOTAS, assumed: Assumed | None = None) -> str:
    """Return what an account carries whose quota of concurrent executions is one of ``counts``, in Markdown."""
    a = assumed or Assumed()
    declared = load_template(TEMPLATE).document["Parameters"]
    polls = int(declared["PollConcurrency"]["Default"])
    usual = FUNCTIONS * int(declared["ReservedConcurrency"]["Default"]) + polls
    rows = []
    for count in counts:
        reserved = usual if count - usual >= LEAST else 0
        waiting = waiting_share(count - reserved)
        calls = (count - reserved - waiting) * 1000 / a.call_ms
        held = f"{polls} more" if reserved else f"as many as wait: {waiting} with them"
        rows.append(
            [f"{count:,}", f"{reserved}", f"{waiting}", f"{waiting * 60 / QR_WAIT_S:,.0f}", f"{calls:,.0f}", held]
        )
    head = [
        "concurrent executions",
        "reserved",
        "calls that wait",
        f"waits of {QR_WAIT_S} s a minute",
        "other calls and events a second meanwhile",
        "Socket.IO polls held",
    ]
    return table(head, rows)


def _cell(need: float, default: int) -> str:
    text = f"{need:,.0f}" if need >= 1 else "under 1"
    return f"**{text}**" if need > default else text


def _span(seconds: float) -> str:
    if seconds < SHORT_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < LONG_S else f"{seconds / 3600:.1f} h"
