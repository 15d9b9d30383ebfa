"""What browsers see at WhatsApp Web's address: a page that stands in for its own, on the origin that passkeys need.

Its policy is as strict as WhatsApp's: the page may fetch from nowhere else and run no foreign script, so what somebody
signs on it can only leave by navigation.
"""

from typing import Final

from aiohttp import web

POLICY: Final = (
    "default-src 'self'; script-src 'self'; connect-src 'self' wss://web.whatsapp.com; style-src 'self';"
    " img-src 'self' data:; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>WhatsApp Web, played by the loopback server</title>
<h1>This stands in for WhatsApp Web</h1>
<p>A browser that comes by the loopback server's proxy is on WhatsApp's origin here, and can sign with a passkey.</p>
</html>
"""
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


async def page(_request: web.Request) -> web.Response:
    """The page."""
    return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)
