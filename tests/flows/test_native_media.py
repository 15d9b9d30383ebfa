"""Files over the native API: a form that curl posts, a message to a phone, a file from one, and who may read them."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from chalicelib.adapters.media import S3MediaFiles
from infra.local.client import Phone, Stack, eventually
from tests.flows.files import Store
from tests.flows.table import environment_of
from tests.flows.test_tenants import a_tenant
from tests.worker.media import samples

PAGE = b"<!doctype html><html><script>alert(document.cookie)</script>"


class Files:
    """A session's files."""

    def __init__(self, stack: Stack, session: str) -> None:
        self.stack = stack
        self.path = f"/v1/sessions/{session}/media"

    def announce(self, mimetype: str, size: int, name: str | None = None) -> dict[str, Any]:
        answer = self.stack.post(self.path, {"mimetype": mimetype, "size": size, "file_name": name})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def show(self, media_id: str) -> dict[str, Any]:
        answer = self.stack.get(f"{self.path}/{media_id}")
        assert answer.ok, answer.text
        return dict(answer.json())

    def keep(self, body: bytes, mimetype: str, name: str) -> dict[str, Any]:
        given = {"file": base64.b64encode(body).decode(), "mimetype": mimetype, "file_name": name}
        answer = self.stack.post(self.path, given)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
def files(stack: Stack, account: str) -> Files:
    return Files(stack, account)


def curl(upload: dict[str, Any], file: Path) -> int:
    """Post a form with a file as curl does; return the status."""
    fields = [part for name, value in upload["fields"].items() for part in ("-F", f"{name}={value}")]
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *fields, "-F", f"file=@{file}", upload["url"]]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


def test_an_announced_picture_is_uploaded_by_curl_and_arrives_on_a_phone(
    files: Files, account: str, friend: Phone, tmp_path: Path
) -> None:
    picture = tmp_path / "kopi.jpg"
    picture.write_bytes(samples.a_picture("JPEG", (640, 480)))
    announced = files.announce("image/jpeg", picture.stat().st_size, "kopi.jpg")
    assert (announced["state"], announced["url"]) == ("pending", None)
    assert announced["upload"]["url"].startswith(f"http://127.0.0.1:{files.stack.port}/")
    assert curl(announced["upload"], picture) == 204
    body = {"to": {"phone": friend.number}, "type": "image", "image": {"media_id": announced["id"], "caption": "Kopi"}}
    sent = files.stack.post(f"/v1/sessions/{account}/messages?wait=20", body).json()
    letter = eventually(lambda: friend.letter(sent["whatsapp_id"]))
    assert (letter["type"], letter["content"]["caption"]) == ("image", "Kopi")
    assert eventually(lambda: friend.file(sent["whatsapp_id"])) == picture.read_bytes()
    shown = files.show(announced["id"])
    assert (shown["state"], shown["size"], shown["mimetype"]) == ("stored", picture.stat().st_size, "image/jpeg")
    assert requests.get(shown["url"], timeout=30).content == picture.read_bytes()


def test_a_form_takes_what_was_announced_and_nothing_else(files: Files, tmp_path: Path) -> None:
    picture = tmp_path / "large.png"
    picture.write_bytes(samples.a_picture("PNG"))
    assert curl(files.announce("image/png", picture.stat().st_size - 1)["upload"], picture) == 400
    form = files.announce("image/png", picture.stat().st_size)["upload"]
    form["fields"]["Content-Type"] = "text/html"
    assert curl(form, picture) == 403
    lying = tmp_path / "page.png"
    lying.write_bytes(PAGE)
    announced = files.announce("image/png", len(PAGE))
    assert curl(announced["upload"], lying) == 204
    shown = files.show(announced["id"])
    assert (shown["state"], shown["error_code"], shown["url"]) == ("failed", "MEDIA_TYPE_MISMATCH", None)


def test_a_picture_from_a_phone_is_read_at_the_address_that_is_told(files: Files, account: str, friend: Phone) -> None:
    picture = samples.a_picture("PNG")
    named = friend.send(account, "image", file=friend.put(picture), mimetype="image/png", caption="Kopi")

    def found() -> str | None:
        listed = files.stack.get(f"/v1/sessions/{account}/messages").json()["data"]
        return next((one["image"]["media_id"] for one in listed if one["whatsapp_id"] == named), None)

    shown = files.show(eventually(found))
    assert (shown["state"], shown["size"]) == ("stored", len(picture))
    told = requests.get(shown["url"], headers={"Origin": "http://localhost:3000"}, timeout=30)
    assert (told.status_code, told.content) == (200, picture)
    assert told.headers["Content-Type"] == "image/png"
    assert told.headers["Content-Disposition"].startswith("inline")
    assert told.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    # For who reads it, and for no one between.
    assert told.headers["Cache-Control"] == "private, no-store"


def test_a_page_is_downloaded_and_never_shown_in_the_gateway_s_name(files: Files) -> None:
    shown = files.keep(PAGE, "text/html", "menu «baru».html")
    told = requests.get(shown["url"], timeout=30)
    assert told.content == PAGE
    assert told.headers["Content-Disposition"].startswith("attachment; filename=")
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in told.headers["Content-Security-Policy"].split("; ")
    assert told.headers["Referrer-Policy"] == "no-referrer"


def test_an_address_is_good_for_its_file_and_for_its_time(stack: Stack, files: Files) -> None:
    kept = files.keep(b"Kopi!", "text/plain", "a.txt")
    other = files.keep(b"Teh!", "text/plain", "b.txt")
    assert requests.get(kept["url"].replace(kept["id"], other["id"]), timeout=30).status_code == 403
    assert requests.get(kept["url"].partition("?")[0], timeout=30).status_code == 403
    told = environment_of(stack.workers()[0])
    s3: Any = boto3.client(
        "s3",
        endpoint_url=told["AWS_ENDPOINT_URL"],
        region_name=told["AWS_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4"),
    )
    key = kept["url"].partition("?")[0].partition(f"{stack.port}/")[2]
    bucket = S3MediaFiles(lambda: s3, told["MEDIA_BUCKET"])

    def signed(seconds: int) -> str:
        made = bucket.read_address(key, seconds=seconds, mimetype="text/plain", disposition="attachment")
        return f"{stack.url}/{key}?{made.partition('?')[2]}"

    assert requests.get(signed(600), timeout=30).text == "Kopi!"
    address = signed(1)
    eventually(lambda: requests.get(address, timeout=30).status_code == 403)
    assert "<Message>Request has expired</Message>" in requests.get(address, timeout=30).text


def test_another_tenant_s_file_is_not_found(stack: Stack, files: Files, number: str) -> None:
    kept = files.keep(b"Kopi!", "text/plain", "a.txt")
    acme = a_tenant(stack, f"files-{number}")
    assert acme.post("/api/sessions", {"phone": number}).status_code == 201
    for path in (f"{files.path}/{kept['id']}", f"/v1/sessions/{number}/media/{kept['id']}"):
        for answer in (acme.get(path), acme.delete(path)):
            assert (answer.status_code, answer.json()["error"]["code"][-9:]) == (404, "NOT_FOUND")
    assert files.show(kept["id"])["state"] == "stored"


def test_a_large_file_comes_with_a_form_only(files: Files, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(7 * 1024 * 1024))
    with large.open("rb") as file:
        answer = requests.post(
            files.stack.url + files.path, files={"file": file}, headers=files.stack.headers, timeout=60
        )
    assert answer.status_code == 413, answer.text
    announced = files.announce("application/octet-stream", large.stat().st_size)
    assert curl(announced["upload"], large) == 204
    assert files.show(announced["id"])["size"] == large.stat().st_size


def test_a_session_s_files_go_with_it_and_outlive_a_restart_before_that(own_stack: Any, number: str) -> None:
    stack = own_stack()
    stack.start()
    assert stack.post("/api/sessions", {"phone": number}).status_code == 201
    files = Files(stack, number)
    kept = files.keep(b"Kopi!", "text/plain", "a.txt")
    stack.stop()
    stack.start()
    address = files.show(kept["id"])["url"]
    assert requests.get(address, timeout=30).text == "Kopi!"
    assert stack.delete(f"/api/sessions/{number}").ok
    eventually(lambda: requests.get(address, timeout=30).status_code == 404)
    assert list((stack.state / "objects").iterdir()) == []


def test_what_the_worker_keeps_lies_under_its_session(stack: Stack, files: Files, account: str) -> None:
    store, kept = Store(stack, account), files.keep(b"Kopi!", "text/plain", "a.txt")
    assert kept["url"].partition("?")[0].endswith(f"/media/default/{store.session.uid}/{kept['id']}")
