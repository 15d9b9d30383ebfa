"""A gateway without an edge: each document's client, pointed as docs/deploy.md says, at the two APIs' own addresses."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from websockets.sync.client import connect

from infra.local.client import Phone, Stack, eventually, next_frame
from infra.whatsapp_server.camera import read_code
from tests.docs.tables import DOCS
from tests.flows import test_documents_bare as bare
from tests.flows import test_documents_socketio as socketio
from tests.flows.browser import Tab
from tests.flows.families import FAMILIES, Family
from tests.flows.javascript import Script, run
from tests.flows.printed import printed
from tests.flows.test_conformance import test_every_family_tells_the_same_story_in_its_own_words as the_same_story
from tests.flows.test_documents_enveloped import SHOWN, in_a_shell, objects
from tests.flows.test_native_media import Files, curl
from tests.flows.test_socketio import FOLLOW, PRELUDE
from tests.sharing import GENEROUS
from tests.worker.media import samples


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What ``make run EDGE=none`` starts."""
    running = Stack(tmp_path_factory.mktemp("no-edge"), {**GENEROUS, "EDGE": "none"})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def linked() -> list[str]:
    """The sessions that ``account`` has linked in this stack."""
    return []


def told(stack: Stack) -> dict[str, Any]:
    return dict(stack.get("/edge.json").json())


def at(stack: Stack) -> dict[str, str]:
    """What differs from the documents of the enveloped API: the stage is part of the address."""
    return {"8080": f"{stack.port}/api"}


def test_both_apis_and_the_bucket_have_addresses_of_their_own(stack: Stack) -> None:
    said = told(stack)
    assert (said["edge"], said["rest"]) == (False, f"http://127.0.0.1:{stack.port}/api")
    ports = {urlsplit(one["address"]).port for one in said["websockets"]}
    assert len(ports) == 1
    assert stack.port not in ports


def test_beside_their_stage_there_is_nothing(stack: Stack) -> None:
    for path in ("/health", "/v1/sessions", "/v1/ws", "/media/a", "/other/health"):
        answer = requests.get(stack.url + path, timeout=40)
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"}), path
    sockets = stack.websocket("/v1/ws").replace("ws://", "http://")
    assert requests.get(sockets.replace("/api?", "/v1/ws?"), timeout=40).status_code == 403
    assert requests.get(sockets, timeout=40).status_code == 426


def test_the_smoke_test_goes_its_whole_way_there(stack: Stack) -> None:
    env = {**os.environ, "URL": stack.gateway, "LOCAL_STATE": str(stack.state), "STAGE": ""}
    command = [sys.executable, "-m", "infra.smoke"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It works" in done.stdout


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_every_family_tells_its_story_there(stack: Stack, number: str, kind: type[Family]) -> None:
    the_same_story(stack, number, kind)


def test_the_enveloped_examples_of_node_and_curl_work_with_the_stage_in_the_address(
    stack: Stack, number: str, account: str, tmp_path: Path
) -> None:
    assert run(printed("quickstart_node.js", at(stack) | {"6281234567890": number}), tmp_path)
    assert stack.scan(read_code(tmp_path / "qr-code.png"), number).ok
    stack.until(number, "CONNECTED")
    shown = objects(in_a_shell(printed("status.sh", at(stack)), TOKEN=stack.token))
    assert {"id": account, "connected": True, "logged_in": True} in shown


def test_its_page_s_websocket_is_opened_where_the_table_says(
    stack: Stack, number: str, tab: Tab, site: tuple[Path, str]
) -> None:
    stack.begin(number)
    directory, address = site
    text = printed("watching.js", {"YOUR_TOKEN": stack.token, "6281234567890": number})
    where = stack.websocket("/api/sessions/{id}/ws", number)
    text, count = re.subn(r"ws://localhost:8080/\S*\?", where, text)
    assert count == 1
    (directory / "index.html").write_text(SHOWN.format(text))
    tab.open(address)
    assert stack.scan(tab.scanned("#qr", directory / "screen.png"), number).ok
    tab.said("Session connected!")


def test_the_bare_examples_work_with_the_stage_in_the_address(stack: Stack, number: str, tmp_path: Path) -> None:
    bare.test_curl_creates_looks_lists_and_deletes(stack, number, tmp_path)


@pytest.mark.parametrize("path", ["/api/sessions/{id}/ws", "/api/ws/{id}"])
def test_a_session_whose_id_is_no_plain_word_is_watched(stack: Stack, number: str, path: str) -> None:
    name = f"a.b-{number}"
    created = stack.post("/v1/sessions", {"id": name})
    assert created.status_code == 201, created.text
    with connect(stack.websocket(path, name, token=stack.token), open_timeout=60) as socket:
        assert next_frame(socket, "qr")["session_id"] == name


def test_the_native_websocket_tells_of_what_happens(stack: Stack, account: str, friend: Phone) -> None:
    where = stack.websocket("/v1/ws", token=stack.token)
    with connect(where, open_timeout=60) as socket:
        socket.send(json.dumps({"subscribe": {account: None}}))
        assert next_frame(socket, "subscribed")["session"] == account
        friend.say(account, "Halo")
        assert next_frame(socket, "message.received")["data"]["text"]["body"] == "Halo"


def options(transport: str) -> tuple[str, str]:
    """Return the address and the options that docs/deploy.md names for Socket.IO's client."""
    row = next(
        line
        for line in (DOCS / "deploy.md").read_text().splitlines()
        if line.startswith(f"| Socket.IO, by {transport}")
    )
    found = re.search(r"`io\(\"(\w+)://ID\.execute-api\.REGION\.amazonaws\.com\", (\{.*?\})\)`", row)
    assert found, row
    return found[1], found[2]


@pytest.mark.parametrize(("transport", "named"), [("WebSocket", "websocket"), ("polls", "polling")])
def test_socket_io_s_own_client_works_with_the_options_of_the_document(
    stack: Stack, number: str, transport: str, named: str
) -> None:
    scheme, given = options(transport)
    address = told(stack)["websockets"][0]["address"] if scheme == "wss" else stack.url
    here = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"
    # As the document has them, and the credential beside them.
    client = f"const socket = io(url, {{ ...({given}), auth: {{ token }} }});"
    joins = "socket.emit('join-session', name, (answer) => say('joined', answer));"
    script = Script(
        f"{PRELUDE}\n{client}\n{FOLLOW}\n{joins}",
        URL=here,
        NAME=number,
        TOKEN=stack.token,
    )
    try:
        assert script.next("joined") == [{"success": True, "sessionName": number}]
        answer = stack.post(f"/api/sessions/{number}/initialize-with-qr")
        assert answer.status_code == 200, answer.text
        _, over = script.next("qr-code")
        assert over == named
        assert stack.scan(stack.code(number), number).ok
        completed, over = script.next("session-complete")
        assert (completed["sessionName"], over) == (number, named)
    finally:
        script.end()


PYTHON = """
import json, os, sys, socketio

client = socketio.Client(reconnection=False)
client.on("qr-code", lambda said: print(json.dumps(["qr-code", said["attempts"], client.transport()]), flush=True))
client.on("session-complete", lambda said: print(json.dumps(["session-complete", said["sessionName"], ""]), flush=True))
{}
print(json.dumps(["joined", client.call("join-session", os.environ["NAME"]), ""]), flush=True)
client.wait()
"""


def test_so_does_python_socketio_with_the_options_of_the_document(stack: Stack, number: str) -> None:
    found = re.search(r"`socketio\.Client\(\)\.connect\((.*?)\)`", (DOCS / "deploy.md").read_text())
    assert found
    at = urlsplit(told(stack)["websockets"][0]["address"]).netloc
    given = found[1].replace("https://ID.execute-api.REGION.amazonaws.com", f"http://{at}")
    script = PYTHON.format(f'client.connect({given}, auth={{"token": os.environ["TOKEN"]}})')
    env = {**os.environ, "NAME": number, "TOKEN": stack.token}
    with subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            assert json.loads(running.stdout.readline())[:2] == ["joined", {"success": True, "sessionName": number}]
            assert stack.post(f"/api/sessions/{number}/initialize-with-qr").status_code == 200
            kind, _, over = json.loads(running.stdout.readline())
            assert (kind, over) == ("qr-code", "websocket")
            assert stack.scan(stack.code(number), number).ok
            name = next(line[1] for line in map(json.loads, running.stdout) if line[0] == "session-complete")
            assert name == number
            assert running.wait(30) == 0
        finally:
            running.kill()


def test_the_demo_client_finds_the_websockets_by_itself(
    stack: Stack, number: str, tab: Tab, site: tuple[Path, str]
) -> None:
    tab.page.route(socketio.CDN, lambda route: route.fulfill(path=socketio.client(), content_type="text/javascript"))
    directory, address = site
    shutil.copy(socketio.DEMO, directory / "example-client.html")
    tab.open(f"{address}/example-client.html")
    socketio.goes_through_the_steps(stack, number, tab, directory)


def test_files_are_posted_to_and_read_from_the_bucket_s_own_address(
    stack: Stack, account: str, friend: Phone, tmp_path: Path
) -> None:
    files, picture = Files(stack, account), tmp_path / "kopi.jpg"
    picture.write_bytes(samples.a_picture("JPEG", (640, 480)))
    announced = files.announce("image/jpeg", picture.stat().st_size, "kopi.jpg")
    bucket = urlsplit(announced["upload"]["url"]).netloc
    assert bucket not in {urlsplit(stack.url).netloc, urlsplit(stack.websocket("/v1/ws")).netloc}
    assert curl(announced["upload"], picture) == 204
    body = {"to": {"phone": friend.number}, "type": "image", "image": {"media_id": announced["id"]}}
    sent = stack.post(f"/v1/sessions/{account}/messages?wait=20", body).json()
    assert eventually(lambda: friend.file(sent["whatsapp_id"])) == picture.read_bytes()
    shown = files.show(announced["id"])
    assert urlsplit(shown["url"]).netloc == bucket
    assert requests.get(shown["url"], timeout=30).content == picture.read_bytes()
    assert requests.get(shown["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"), timeout=30).status_code == 403
    led = stack.get(f"/sessions/{account}/media/{announced['id']}", allow_redirects=False)
    assert (led.status_code, urlsplit(led.headers["Location"]).netloc) == (302, bucket)


def test_the_description_s_server_is_the_rest_api_s_address(stack: Stack) -> None:
    assert [one["url"] for one in stack.get("/openapi.json").json()["servers"]] == [stack.gateway]
