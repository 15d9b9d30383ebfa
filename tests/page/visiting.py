"""Opening the gateway's page as somebody: their screen, theme and language, and all that went wrong while they looked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError

from tests.flows.browser import PATIENCE_MS

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
WIDTHS: Final = (360, 1280)
"""CSS pixels: the narrowest phone that the page is made for, and a desk's screen."""
HEIGHT: Final = 800

UNSAFE: Final = "gateway.test"
"""A host that leads to this machine and is no secure context: over plain http only this machine's own names are."""
RESOLVING: Final = f"--host-resolver-rules=MAP {UNSAFE} 127.0.0.1"

_COUNTING: Final = (Path(__file__).parent / "counting.js").read_text(encoding="utf-8")
_PHONE_AWAY: Final = "if (location.protocol !== 'about:') sessionStorage.setItem('switchboard.phone.away', 'away');"
_SIGNED_IN: Final = """(([origin, token]) => {
  if (location.origin !== origin || window !== window.top || sessionStorage.getItem('test.signed-in')) return;
  sessionStorage.setItem('switchboard.token', token);
  sessionStorage.setItem('test.signed-in', 'yes');
})"""
"""Once in each tab, so that who signs out stays signed out."""


@dataclass(frozen=True, slots=True)
class Looking:
    """How somebody looks at the page."""

    theme: Theme = "light"
    width: int = 1280
    height: int = HEIGHT
    locale: str = "en-GB"
    time_zone: str = "UTC"
    still: bool = True
    """Whether they asked their system for reduced motion; most tests do, since what moves can't be compared."""
    density: float = 1
    """Device pixels in a CSS pixel."""
    touch: bool = False
    phone: bool = False
    """Whether the virtual phone stands beside the page, where there is room; most tests are about something else."""


@dataclass
class Faults:
    """What no page may do: say an error on the console, throw, break its policy, or ask for what doesn't answer.

    What a page gives up itself (an aborted request) is no fault. ``allowed`` are parts of what is expected to be said:
    the browser puts each refusal of the API on the console as well ("status of 409").
    """

    allowed: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of the context."""
        context.on("console", self._said)
        context.on("weberror", self._thrown)
        context.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _thrown(self, error: WebError) -> None:
        self._note(f"thrown: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self._note(f"failed: {request.method} {request.url.partition('?')[0]}: {request.failure}")

    def _note(self, said: str) -> None:
        if not any(part in said for part in self.allowed):
            self.found.append(said)


@dataclass(slots=True)
class Visits:
    """The pages that a test opens, each in a context of its own: nothing is remembered from one to the next."""

    browser: Browser
    origin: str
    token: str
    """That of the tenant's administrator, with which the pages are signed in."""
    opened: list[BrowserContext] = field(default_factory=list)
    faults: list[Faults] = field(default_factory=list)

    def __call__(
        self,
        place: str = "",
        looking: Looking | None = None,
        *,
        token: str | None = None,
        origin: str | None = None,
        allowing: Sequence[str] = (),
        counted: bool = False,
        before: Callable[[Page], None] | None = None,
    ) -> Page:
        """Open the page at ``place`` (``#/sessions/cafe``), signed in with ``token``, or with none if it is empty.

        ``origin`` is where the page is, if not at the stack itself (see ``Relay``). ``allowing`` are parts of the
        faults that the test is about. ``counted``: ``living`` can be asked. ``before`` is called with the page before
        it goes anywhere.
        """
        wanted = looking or Looking()
        where = (origin or self.origin).rstrip("/")
        context = self.browser.new_context(
            viewport={"width": wanted.width, "height": wanted.height},
            color_scheme=wanted.theme,
            locale=wanted.locale,
            timezone_id=wanted.time_zone,
            reduced_motion="reduce" if wanted.still else "no-preference",
            device_scale_factor=wanted.density,
            has_touch=wanted.touch,
            accept_downloads=True,
        )
        self.opened.append(context)
        watched = Faults(list(allowing))
        watched.watch(context)
        self.faults.append(watched)
        if not wanted.phone:
            context.add_init_script(_PHONE_AWAY)
        signed_in = self.token if token is None else token
        if signed_in:
            context.add_init_script(f"{_SIGNED_IN}({[_bare(where), signed_in]})")
        if counted:
            context.add_init_script(_COUNTING)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if before:
            before(page)
        page.goto(f"{where}/{place}")
        return page

    def end(self) -> list[str]:
        """Close the pages; return what went wrong on any of them."""
        for one in self.opened:
            one.close()
        return [said for one in self.faults for said in one.found]


def _bare(address: str) -> str:
    """The origin of an address that may have a path."""
    return "/".join(address.split("/")[:3])
