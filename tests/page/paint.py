"""How long it takes until a list of five hundred sessions shows: ``python -m tests.page.paint`` prints it.

Counted is from the press that leads to the page to the first rows on the screen, the page's files, its words and the
first calls of the gateway among it.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from infra.local.client import Stack
from tests.flows.browser import browsing
from tests.page import tenants
from tests.page.visiting import Visits

SESSIONS: Final = 500
TIMES: Final = 5
_SHOWN: Final = """() => new Promise((resolve) => {
  const look = () => {
    if (document.querySelectorAll('.long .row .status').length > 5) requestAnimationFrame(() => resolve(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})"""


def painted(page: Page) -> float:
    """Return how many milliseconds after it was gone to the page shows its first sessions."""
    return float(page.evaluate(_SHOWN))


def main() -> int:
    """Measure it on a stack of its own."""
    with tempfile.TemporaryDirectory() as state:
        stack = Stack(Path(state))
        stack.start()
        try:
            tenant = tenants.a_tenant(stack, "page-crowded")
            tenants.fill(tenant, SESSIONS)
            with browsing() as browser:
                visits = Visits(browser, tenant.url, tenant.token)
                times = [painted(visits()) for _ in range(TIMES)]
                visits.end()
        finally:
            stack.stop()
    print(
        f"{SESSIONS} sessions show after {statistics.median(times):.0f} ms (median of {TIMES}; {max(times):.0f} at most)"
    )
    return 0 if statistics.median(times) < 1_000 else 1


if __name__ == "__main__":
    sys.exit(main())
