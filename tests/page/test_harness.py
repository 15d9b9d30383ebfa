"""The means by which the page is tested, on pages that have what they are to find."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from infra.local.client import Stack
from tests.flows.browser import serving
from tests.page import seeing, tenants
from tests.page.relay import relaying
from tests.page.seeing import accessible, camera, living, pictured, soon
from tests.page.visiting import Looking, Visits

HEAD = "<!doctype html><html lang=en><meta charset=utf-8><title>A page</title><link rel=icon href='data:,'>"


@pytest.fixture
def visits(browser: Browser, tmp_path: Path) -> Iterator[Visits]:
    """Pages of a site whose files are in ``tmp_path``."""
    with serving(tmp_path) as address:
        made = Visits(browser, address, "a token")
        yield made
        made.end()


def written(tmp_path: Path, body: str) -> None:
    (tmp_path / "index.html").write_text(f"{HEAD}{body}")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("console.error('Oh no')", "console: Oh no"),
        ("throw new Error('Oh dear')", "thrown: "),
        ("fetch('/nothing')", "console: Failed to load resource: the server responded with a status of 404"),
        ("fetch('http://localhost:65533/')", "failed: GET http://localhost:65533/: net::ERR_CONNECTION_REFUSED"),
    ],
)
def test_what_a_page_gets_wrong_is_found(visits: Visits, tmp_path: Path, script: str, said: str) -> None:
    written(tmp_path, f"<script>{script}</script>")
    page = visits()
    faults = visits.faults[0].found
    soon(page, lambda: any(one.startswith(said) for one in faults))


def test_what_a_test_expects_and_what_a_page_gives_up_are_no_faults(visits: Visits, tmp_path: Path) -> None:
    given_up = "const end = new AbortController(); fetch('/slow', {signal: end.signal}).catch(() => {}); end.abort();"
    written(tmp_path, f"<script>{given_up} fetch('/nothing').then(() => document.title = 'Done')</script>")
    visits(allowing=["status of 404"]).wait_for_function("document.title === 'Done'")
    assert visits.end() == []


def test_a_page_is_signed_in_once_and_looked_at_as_wanted(visits: Visits, tmp_path: Path) -> None:
    written(tmp_path, "<p>Hello")
    page = visits(looking=Looking(theme="dark", width=360, locale="pt-BR", density=2))
    token = "sessionStorage.getItem('switchboard.token')"
    assert page.evaluate(token) == "a token"
    assert page.evaluate("[innerWidth, devicePixelRatio, navigator.language]") == [360, 2, "pt-BR"]
    assert page.evaluate(
        "['(prefers-color-scheme: dark)', '(prefers-reduced-motion)'].every((q) => matchMedia(q).matches)"
    )
    page.evaluate("sessionStorage.removeItem('switchboard.token')")
    page.reload()
    assert page.evaluate(token) is None
    assert visits(token="").evaluate(token) is None


def test_axe_finds_what_only_one_theme_gets_wrong(visits: Visits, tmp_path: Path) -> None:
    pale = "@media (prefers-color-scheme: dark) { body { background: #000; color: #222 } }"
    policy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:"
    strict = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    written(tmp_path, f"{strict}<style>{pale}</style><main><h1>Hard to read</h1></main>")
    page = visits()
    with pytest.raises(AssertionError, match="color-contrast"):
        accessible(page)
    page.evaluate("document.querySelector('style').remove()")
    accessible(page)
    assert visits.end() == []


def test_a_state_is_kept_in_pictures_and_must_fit_the_screen(
    visits: Visits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeing, "PICTURES", tmp_path / "pictures")
    written(tmp_path, "<main><h1>All of it</h1></main>")
    page = visits()
    pictured(page, "whole")
    names = [f"whole-{width}-{theme}.png" for width in (1280, 360) for theme in ("dark", "light")]
    assert sorted(one.name for one in (tmp_path / "pictures").iterdir()) == names
    with Image.open(tmp_path / "pictures" / "whole-360-dark.png") as picture:
        assert picture.size == (360, 800)
    assert page.viewport_size == {"width": 1280, "height": 800}
    page.evaluate("document.querySelector('main').style.width = '400px'")
    with pytest.raises(AssertionError, match="360: main"):
        pictured(page, "wide")


def test_the_camera_reads_a_code_off_the_screen(visits: Visits, tmp_path: Path) -> None:
    import qrcode

    qrcode.make("2@made,up").save(tmp_path / "code.png")
    written(tmp_path, "<p>Scan this<p><img src=code.png width=300 alt=''>")
    page = visits()
    page.wait_for_function("document.images[0].naturalWidth > 0")
    assert camera(page) == camera(page.screenshot()) == camera(page.locator("img")) == "2@made,up"


GOES_ON = {
    "setTimeout(() => {}, 60000)": "setTimeout of 60000 ms",
    "setInterval(() => {}, 1000)": "setInterval of 1000 ms",
    "window.addEventListener('resize', () => {})": "resize listener of Window",
    "document.body.addEventListener('click', () => {}, {once: true})": "click listener of HTMLBodyElement",
    "new ResizeObserver(() => {}).observe(document.body)": "ResizeObserver",
    "new BroadcastChannel('here')": "BroadcastChannel",
    "URL.createObjectURL(new Blob(['a']))": "blob",
}
IS_OVER = (
    "clearTimeout(setTimeout(() => {}, 60000))",
    "setTimeout(() => {}, 0)",
    "clearInterval(setInterval(() => {}, 1000))",
    "const heard = () => {}; addEventListener('resize', heard); removeEventListener('resize', heard)",
    "const end = new AbortController(); addEventListener('resize', () => {}, {signal: end.signal}); end.abort()",
    "addEventListener('once', () => {}, {once: true}); dispatchEvent(new Event('once'))",
    "document.createElement('p').addEventListener('click', () => {})",
    "const seen = new ResizeObserver(() => {}); seen.observe(document.body); seen.disconnect()",
    "URL.revokeObjectURL(URL.createObjectURL(new Blob(['a'])))",
    "requestAnimationFrame(() => {})",
    "new WebSocket(location.origin.replace('http', 'ws') + '/refused')",
    "fetch('/')",
)


def test_what_goes_on_in_a_page_is_counted_until_it_is_over(visits: Visits, tmp_path: Path) -> None:
    written(tmp_path, "<script src=main.js defer></script><body>")
    (tmp_path / "main.js").write_text("\n".join([*GOES_ON, *(f"{{{line}}}" for line in IS_OVER)]))
    page = visits(counted=True, allowing=["WebSocket"])
    expected = sorted(f"{what}, from main.js:{line}" for line, what in enumerate(GOES_ON.values(), 1))
    soon(page, lambda: living(page) == expected, within=10)


def test_behind_the_relay_the_gateway_has_another_name_and_a_path_and_can_be_cut_off(
    open_page: Visits, tenant: Stack
) -> None:
    with relaying(tenant.url, "/dev") as relay:
        page = open_page("health", origin=relay.origin, allowing=["favicon", "ERR_"])
        assert page.evaluate("isSecureContext") is False
        assert page.evaluate("fetch('health').then((answer) => answer.json())")
        ticket = tenant.post("/v1/ws-ticket", {}).json()["ticket"]
        page.evaluate(f"window.socket = new WebSocket('ws://{relay.origin[7:]}/v1/ws?token={ticket}')")
        page.wait_for_function("window.socket.readyState === 1")
        assert relay.sockets == 1
        relay.cut()
        page.wait_for_function("window.socket.readyState === 3")
        assert page.evaluate("fetch('health').then((answer) => answer.status)") == 200
        relay.go_down()
        assert page.evaluate("fetch('health').then(() => 'answered', () => 'nothing')") == "nothing"
        relay.mend()
        assert page.evaluate("fetch('health').then((answer) => answer.status)") == 200


def test_a_tenant_has_people_and_many_sessions(tenant: Stack) -> None:
    tenants.fill(tenant, 3)
    reader = tenants.somebody(tenant, f"reader-{id(tenant)}", "read_only")
    assert [one["id"] for one in reader.get("/v1/sessions").json()["data"]] == ["shop-001", "shop-002", "shop-003"]
    assert reader.post("/v1/sessions", {"id": "mine"}).status_code == 403
