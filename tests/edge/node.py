"""The edge function in node, beside a stand-in of CloudFront's own module: one process, a question a line."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from infra.edge import function_code

VIEWER = "203.0.113.9"

CLOUDFRONT = "export default { chosen: null, selectRequestOriginById(id) { this.chosen = id; } };"
ASKED = """
import readline from 'node:readline';
for await (const line of readline.createInterface({ input: process.stdin })) {
    cf.chosen = null;
    const request = handler(JSON.parse(line));
    console.log(JSON.stringify({ origin: cf.chosen, request }));
}
"""


class Edge:
    """A running function."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, target: str, **headers: str) -> dict[str, Any]:
        """Return ``{"origin": …, "request": …}`` for a request target as a client writes it, path and query."""
        path, _, query = target.partition("?")
        request = {
            "method": "GET",
            "uri": path,
            "querystring": as_cloudfront_says(query),
            "headers": {name.replace("_", "-").lower(): {"value": value} for name, value in headers.items()},
            "cookies": {},
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"version": "1.0", "viewer": {"ip": VIEWER}, "request": request}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def as_cloudfront_says(query: str) -> dict[str, Any]:
    """Return a query in CloudFront's words: nothing decoded, repeated names as ``multiValue``."""
    said: dict[str, Any] = {}
    for piece in filter(None, query.split("&")):
        name, _, value = piece.partition("=")
        one = said.setdefault(name, {"value": value, "multiValue": []})
        one["multiValue"].append({"value": value})
    for one in said.values():
        if len(one["multiValue"]) == 1:
            del one["multiValue"]
    return said


def as_api_gateway_reads(querystring: dict[str, Any]) -> dict[str, str]:
    """Return ``queryStringParameters`` of what the function left: written out, parsed anew, the last one counts."""
    written = "&".join(
        f"{name}={one['value']}" for name, given in querystring.items() for one in given.get("multiValue", [given])
    )
    pieces = (piece.partition("=") for piece in written.split("&") if piece)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pieces}


@contextmanager
def running() -> Iterator[Edge]:
    """Run the function for a test's time."""
    assert shutil.which("node"), "The edge function's tests run it: install node 18 or newer (apt-get install nodejs)."
    with tempfile.TemporaryDirectory() as directory:
        module = Path(directory) / "node_modules" / "cloudfront"
        module.mkdir(parents=True)
        (module / "package.json").write_text('{"name": "cloudfront", "type": "module", "main": "index.js"}')
        (module / "index.js").write_text(CLOUDFRONT)
        (Path(directory) / "function.mjs").write_text(function_code() + ASKED)
        process = subprocess.Popen(
            ["node", "function.mjs"], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Edge(process)
        finally:
            assert process.stdin
            assert process.stdout
            process.stdin.close()
            process.wait(10)
            process.stdout.close()
