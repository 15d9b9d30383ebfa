"""``python -m infra.diagrams`` writes docs/states.md from the transition table; a test keeps the two together."""

from collections import defaultdict
from pathlib import Path
from typing import Final

from chalicelib.domain.events import OWNER_EVENTS, TENANT_EVENTS
from chalicelib.domain.session import LIVE, Status
from chalicelib.domain.transitions import DEADLINES, FINAL, NEXT

PAGE: Final = Path(__file__).parent.parent / "docs" / "states.md"

INTRODUCTION: Final = """# The session's life

Made from the transition table in `chalicelib/domain/transitions.py` by `.venv/bin/python -m infra.diagrams`.

An arrow is an event that moves a session. Left out, because they would hide the rest: the owner's requests (they change
what is *desired*, not the status), the way of any status to `DELETING` when its owner deletes it, and what the
reconciler settles when there is no worker to ask (any status to `STOPPED` or `LOGGED_OUT`). A webhook whose endpoint is
gone or fails changes no status either. A tenant that is disabled has its sessions desired stopped, and one that is
enabled again has those running that were.
"""

# Drawn once as a sentence above instead of from every status.
EVERYWHERE: Final = {event.__name__ for event in (*OWNER_EVENTS, *TENANT_EVENTS)} | {
    "Stopped",
    "Unlinked",
    "WebhookDisabled",
    "WebhookFailing",
    "WebhookRecovered",
    "SettingsChanged",
}


def page() -> str:
    """Return docs/states.md as the table would have it."""
    return "\n".join([INTRODUCTION, *_diagram(), "", *_statuses()])


def _diagram() -> list[str]:
    arrows: dict[tuple[Status, Status], list[str]] = defaultdict(list)
    for (before, event), after in NEXT.items():
        if event.__name__ not in EVERYWHERE:
            arrows[before, after].append(event.__name__)
    lines = [
        f"    {before} --> {after}: {', '.join(sorted(events))}"
        for (before, after), events in sorted(arrows.items(), key=lambda arrow: _order(*arrow[0]))
    ]
    return ["```mermaid", "stateDiagram-v2", "    [*] --> CREATED", *lines, "    DELETING --> [*]", "```"]


def _statuses() -> list[str]:
    header = ["| status | worker at work | answers the owner | deadline |", "| --- | --- | --- | --- |"]
    return [*header, *(_row(status) for status in Status), ""]


def _row(status: Status) -> str:
    deadline = DEADLINES.get(status)
    after = f"{deadline // 1000} s" if deadline else ""
    return f"| {status} | {'yes' if status in LIVE else ''} | {'yes' if status in FINAL else ''} | {after} |"


def _order(before: Status, after: Status) -> tuple[int, int]:
    statuses = list(Status)
    return statuses.index(before), statuses.index(after)


if __name__ == "__main__":
    PAGE.write_text(page())
