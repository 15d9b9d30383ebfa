"""The page's files on the one local port, in the place of CloudFront and the bucket that they lie in in the cloud."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiohttp import web

from chalicelib import page
from chalicelib.page import reference
from infra.local.bucket import Refusal
from infra.page import ROOT, served

FILES: Final = f"/{ROOT}/{{build}}/{{name}}"
"""What the edge leads to the bucket, whose keys begin so."""
PHONES: Final = Path(__file__).parent / "phones"
"""The modules of the virtual phone that stands beside the page; nothing that is deployed has them."""


class Credentials(NamedTuple):
    """Name and password of a user whom everybody who can reach the stack may be."""

    username: str
    password: str


class PageSite:
    """The files of this build, and the headers that the edge adds to them.

    ``phones`` is the path of the virtual phones' control, None where there are none; ``credentials`` are the well-known
    ones that the page offers to sign in with. Only ``place.json``, which says so, differs from what lies in the cloud,
    and the phones' own modules lie beside: no browser may keep those. ``above``: their path is no part of the page's.
    """

    def __init__(
        self,
        phones: str | None,
        headers: Mapping[str, str],
        credentials: Credentials | None = None,
        *,
        above: bool = False,
    ) -> None:
        special: dict[str, Any] = {"phones": phones and phones.replace("/", "../" if above else "", 1)}
        if credentials is not None:
            special["credentials"] = credentials._asdict()
        self._place = json.dumps(special).encode()
        self._phones = frozenset(one.name for one in PHONES.iterdir()) if phones else frozenset[str]()
        self._headers = headers

    def add_to(self, app: web.Application) -> None:
        """Serve the files in an application."""
        app.router.add_get(FILES, self.read)

    def add_special(self, app: web.Application, prefix: str) -> None:
        """Serve, behind ``prefix``, what is special here where the function gives all other files.

        RapiDoc's script is: packaging alone puts it beside the function.
        """
        for name in (page.PLACE, reference.SCRIPT, *sorted(self._phones)):
            app.router.add_get(f"{prefix}/{ROOT}/{{build}}/{{name:{re.escape(name)}}}", self.read)

    async def read(self, request: web.Request) -> web.Response:
        """Give a file of this build. Of what isn't there S3 says, to who may not list the bucket, that it is denied."""
        name = request.match_info["name"]
        if name in self._phones:
            headers = {"Content-Type": page.TYPES[Path(name).suffix], "Cache-Control": "no-store"}
            return web.Response(body=(PHONES / name).read_bytes(), headers=headers | dict(self._headers))
        file = served().get(f"{ROOT}/{request.match_info['build']}/{name}")
        if file is None:
            answer = Refusal(403, "AccessDenied", "Access Denied").answer()
            answer.headers.update(self._headers)
            return answer
        special = name == page.PLACE
        headers = {"Content-Type": file.content_type, "Cache-Control": "no-store" if special else page.KEPT}
        return web.Response(body=self._place if special else file.content, headers=headers | dict(self._headers))
