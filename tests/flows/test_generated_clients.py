"""Clients that generators make of the description, type-checked where their language has types, against a stack.

Each program is what a developer writes with the generated client: ``link`` creates a session and prints the code to
scan, ``send`` sends a message and prints WhatsApp's id of it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local.client import Phone, Stack, eventually
from tests.flows.javascript import installed

pytestmark = pytest.mark.soak

PYTHON = """\
import sys

from switchboard_client import AuthenticatedClient
from switchboard_client.api.envelope import (
    get_api_sessions_id_qr,
    post_api_sessions,
    post_api_sessions_id_connect,
    post_api_sessions_id_send,
)
from switchboard_client.models import (
    EnvelopedSession,
    SendBody,
    SuccessOfCodeJson,
    SuccessOfOneSessionJson,
    SuccessOfReceiptJson,
)

verb, url, token, number, *to = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True, timeout=40)
if verb == "link":
    created = post_api_sessions.sync(client=client, body=EnvelopedSession(phone=number, name="Shop"))
    assert isinstance(created, SuccessOfOneSessionJson), created
    assert created.data.id == number
    connected = post_api_sessions_id_connect.sync(number, client=client)
    assert isinstance(connected, SuccessOfOneSessionJson), connected
    shown = get_api_sessions_id_qr.sync(number, client=client)
    assert isinstance(shown, SuccessOfCodeJson), shown
    print(shown.data.qr)
else:
    sent = post_api_sessions_id_send.sync(number, client=client, body=SendBody(to=to[0], message="Hello from Python!"))
    assert isinstance(sent, SuccessOfReceiptJson), sent
    print(sent.data.message_id)
"""

TYPESCRIPT = """\
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };
const [verb, baseUrl, token, number, to] = process.argv.slice(2) as [string, string, string, string, string];
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

async function link(): Promise<string> {
  // An optional field is one: a session needs no more than this.
  const body: components["schemas"]["EnvelopedSession"] = { phone: number };
  const created = await client.POST("/api/sessions", { body });
  if (!created.data) throw new Error(created.error.message);
  const params = { path: { id: created.data.data.id } };
  const connected = await client.POST("/api/sessions/{id}/connect", { params });
  if (!connected.data) throw new Error(connected.error.message);
  const shown = await client.GET("/api/sessions/{id}/qr", { params });
  if (shown.error) throw new Error(shown.error.message);
  if (typeof shown.data === "string") throw new Error("a picture, which was not asked for");
  return shown.data.data.qr;
}

async function send(): Promise<string | null> {
  const params = { path: { id: number } };
  const body = { to, message: "Hello from TypeScript!" };
  const sent = await client.POST("/api/sessions/{id}/send", { params, body });
  if (!sent.data) throw new Error(sent.error.message);
  return sent.data.data.message_id;
}

console.log(verb === "link" ? await link() : await send());
"""
COMPILER = {
    "module": "NodeNext",
    "target": "ES2022",
    "lib": ["ES2022", "DOM"],
    "types": [],
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "outDir": "built",
}


def said(*command: str | Path, directory: Path) -> str:
    """Return what a program prints; it must end well."""
    tools = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_PROXY": "*"}
    done = subprocess.run(command, cwd=directory, env=tools, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture
def description(stack: Stack, tmp_path: Path) -> dict[str, Any]:
    """The stack's description, which also lies in ``openapi.json`` where the generators work."""
    text = stack.get("/openapi.json").text
    (tmp_path / "openapi.json").write_text(text)
    told: dict[str, Any] = json.loads(text)
    return told


def links_and_sends(stack: Stack, number: str, friend: Phone, program: Callable[..., str]) -> None:
    code = program("link", stack.url, stack.token, number)
    assert stack.scan(code, number).ok
    stack.until(number, "CONNECTED")
    sent = program("send", stack.url, stack.token, number, friend.number)
    (letter,) = eventually(friend.inbox)
    assert (letter["id"], letter["from"]) == (sent, number)


def test_the_client_of_openapi_python_client(
    stack: Stack, number: str, friend: Phone, description: dict[str, Any], tmp_path: Path
) -> None:
    package = tmp_path / "switchboard_client"
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json"]
    # A warning is an operation that is left out.
    said(*generate, "--output-path", package, "--meta", "none", "--fail-on-warning", directory=tmp_path)
    made = {module.stem for module in package.glob("api/*/*.py")} - {"__init__"}
    assert len(made) == sum(len(methods) for methods in description["paths"].values())

    (tmp_path / "client.py").write_text(PYTHON)
    links_and_sends(stack, number, friend, lambda *words: said(sys.executable, "client.py", *words, directory=tmp_path))


def test_the_client_of_openapi_typescript(
    stack: Stack, number: str, friend: Phone, description: dict[str, Any], tmp_path: Path
) -> None:
    packages = installed() / "node_modules"
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER, "files": ["client.ts"]}))
    (tmp_path / "client.ts").write_text(TYPESCRIPT)
    said("node", packages / "openapi-typescript/bin/cli.js", "openapi.json", "-o", "api.ts", directory=tmp_path)
    said("node", packages / "typescript/bin/tsc", directory=tmp_path)
    links_and_sends(stack, number, friend, lambda *words: said("node", "built/client.js", *words, directory=tmp_path))
