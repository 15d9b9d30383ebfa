"""The bucket on the one port: what boto3 signs is served and taken, and all else is refused in S3's words."""

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
from aiohttp import web
from botocore.config import Config
from yarl import URL

from infra.local.aws import ACCOUNT, LocalAws
from infra.local.bucket import FORMS, Bucket, Signer, edge_headers
from infra.local.client import eventually
from infra.local.front import loopback_socket, only_local, serve
from infra.local.moto.objects import KeptObjects
from infra.local.state import LocalState
from infra.template import TEMPLATE, load_template

KEY = "media/default/u1/md_1"
UPLOAD = "uploads/default/u1/md_1"
HTML = b"<html><script>alert(1)</script>"


@dataclass
class Local:
    """A bucket of the run, the client that signs for it, and its objects on disk."""

    aws: LocalAws
    objects: KeptObjects
    client: Any
    name: str
    directory: Path
    said: str | None = None

    def address(self, key: str = KEY, *, seconds: int = 60, **more: str) -> str:
        """Return a signed address as the edge has it."""
        url = self.client.generate_presigned_url(
            "get_object", Params={"Bucket": self.name, "Key": key, **more}, ExpiresIn=seconds
        )
        return str(url).replace(f"{self.aws.url}/{self.name}", "")

    def form(self, key: str = UPLOAD, *, largest: int = 1000, seconds: int = 60) -> dict[str, str]:
        """Return a form's fields."""
        conditions = [{"Content-Type": "image/png"}, ["content-length-range", 1, largest]]
        form = self.client.generate_presigned_post(
            self.name, key, Fields={"Content-Type": "image/png"}, Conditions=conditions, ExpiresIn=seconds
        )
        return dict(form["fields"])

    def put(self, body: bytes, key: str = KEY, mimetype: str = "image/png") -> None:
        """Put an object as the worker does."""
        self.client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=mimetype)

    def body(self, key: str) -> bytes:
        """Return an object as the worker reads it."""
        return bytes(self.client.get_object(Bucket=self.name, Key=key)["Body"].read())


@pytest.fixture
def local(aws: LocalAws, tmp_path: Path) -> Local:
    return opened(aws, tmp_path)


def opened(aws: LocalAws, directory: Path) -> Local:
    state = LocalState(directory)
    state.objects.mkdir(exist_ok=True)
    objects = KeptObjects(state, ACCOUNT)
    name = aws.physical["MediaBucket"]
    rules = aws.template.of_type("AWS::S3::Bucket")["MediaBucket"]["LifecycleConfiguration"]["Rules"]
    objects.restore({"MediaBucket": name}, {"MediaBucket": rules})
    aws.server.during_object, aws.server.after_object = objects.alone, objects.changed
    return Local(aws, objects, aws.client("s3", Config(signature_version="s3v4")), name, state.objects)


@asynccontextmanager
async def served(local: Local) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    policies = load_template(TEMPLATE).of_type("AWS::CloudFront::ResponseHeadersPolicy")
    signer = Signer(local.aws.callers.secret_key, local.aws.url.removeprefix("http://"))

    def denial(authorization: str, target: str, body: bytes) -> str | None:
        return local.aws.callers.denial(authorization, target, body) or local.said

    app = web.Application(middlewares=[only_local])
    Bucket(local.name, local.objects, signer, denial, edge_headers(policies["MediaHeaders"])).add_to(app)
    async with AsyncExitStack() as ending:
        url = await serve(ending, app, loopback_socket())
        yield url, await ending.enter_async_context(aiohttp.ClientSession())


@dataclass
class Told:
    """An answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def code(self) -> str:
        """S3's code for what it refuses."""
        found = re.search(rb"<Code>(\w+)</Code>", self.body)
        return found[1].decode() if found else ""


def asked(local: Local, method: str, path: str, **options: Any) -> Told:
    async def ask() -> Told:
        async with (
            served(local) as (url, http),
            http.request(method, URL(url + path, encoded=True), **options) as answer,
        ):
            return Told(answer.status, answer.headers.copy(), await answer.read())

    return asyncio.run(ask())


def posted(local: Local, fields: dict[str, str], file: bytes | io.BufferedReader | None, **headers: str) -> Told:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    if file is not None:
        form.add_field("file", file, filename="a.png")
    return asked(local, "POST", f"{FORMS}/{local.name}", data=form, headers=headers)


def test_a_file_is_read_at_a_signed_address_with_the_edge_s_headers(local: Local) -> None:
    local.put(HTML, mimetype="text/html")
    disposition = "attachment; filename=\"a b.html\"; filename*=UTF-8''a%20b.html"
    told = asked(local, "GET", local.address(ResponseContentType="text/html", ResponseContentDisposition=disposition))
    assert (told.status, told.body) == (200, HTML)
    assert told.headers["Content-Disposition"] == disposition
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in told.headers["Content-Security-Policy"]
    assert told.headers["Referrer-Policy"] == "no-referrer"
    assert told.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_part_of_it_is_read_by_range(local: Local) -> None:
    local.put(bytes(range(100)))
    told = asked(local, "GET", local.address(), headers={"Range": "bytes=10-19"})
    assert (told.status, told.body) == (206, bytes(range(10, 20)))


def test_a_page_of_this_machine_reads_it_and_others_do_not(local: Local) -> None:
    local.put(b"x")
    page = "http://localhost:3000"
    assert asked(local, "GET", local.address(), headers={"Origin": page}).headers["Access-Control-Allow-Origin"] == page
    assert asked(local, "GET", local.address(), headers={"Origin": "https://elsewhere.example"}).status == 403


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (lambda address: address.partition("?")[0], 403, "AccessDenied"),
        (lambda address: address.replace("md_1?", "md_2?"), 403, "SignatureDoesNotMatch"),
        (lambda address: address.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), 403, "SignatureDoesNotMatch"),
        (lambda address: address.replace("X-Amz-Expires=60", "X-Amz-Expires=604801"), 400, ""),
        (lambda address: address.replace("text%2Fplain", "text%2Fhtml"), 403, "SignatureDoesNotMatch"),
        (lambda address: address.replace("X-Amz-Date=2", "X-Amz-Date=3"), 403, "AccessDenied"),
        (lambda address: address.replace("X-Amz-Date=2", "X-Amz-Date=x"), 400, ""),
        (lambda address: f"{address}&more=1", 403, "SignatureDoesNotMatch"),
        (lambda address: re.sub("Credential=[^%]+", "Credential=nobody", address), 403, "SignatureDoesNotMatch"),
        (lambda address: re.sub("Credential=[^&]+", "Credential=nobody", address), 400, ""),
    ],
)
def test_an_address_that_is_not_as_it_was_signed_is_refused(
    local: Local, spoil: Callable[[str], str], status: int, code: str
) -> None:
    local.put(b"x")
    told = asked(local, "GET", spoil(local.address(ResponseContentType="text/plain")))
    assert (told.status, told.headers["Content-Type"]) == (status, "application/xml; charset=utf-8")
    assert told.code == (code or "AuthorizationQueryParametersError")
    assert "sandbox" in told.headers["Content-Security-Policy"]


def test_an_address_ends(local: Local) -> None:
    local.put(b"x")
    address = local.address(seconds=1)
    assert asked(local, "GET", local.address()).status == 200
    told = eventually(lambda: late if (late := asked(local, "GET", address)).status == 403 else None)
    assert told.code == "AccessDenied"
    assert b"Request has expired" in told.body


def test_it_is_good_for_reading_alone_and_for_who_may(local: Local) -> None:
    local.put(b"x")
    assert asked(local, "HEAD", local.address()).status == 403
    assert asked(local, "DELETE", local.address()).status == 403
    local.said = "User: APIHandler is not authorized"
    assert asked(local, "GET", local.address()).code == "AccessDenied"


def test_a_file_that_is_not_there_is_404(local: Local) -> None:
    told = asked(local, "GET", local.address("media/default/u1/gone"))
    assert (told.status, told.code) == (404, "NoSuchKey")


def test_a_form_puts_a_file_that_others_read(local: Local) -> None:
    told = posted(local, local.form(), b"\x89PNG", Origin="http://localhost:3000")
    assert (told.status, told.body) == (204, b"")
    assert told.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert local.body(UPLOAD) == b"\x89PNG"
    head = local.client.head_object(Bucket=local.name, Key=UPLOAD)
    assert (head["ContentType"], head["ContentLength"], head["ETag"]) == ("image/png", 4, told.headers["ETag"])
    local.client.copy_object(Bucket=local.name, Key=KEY, CopySource={"Bucket": local.name, "Key": UPLOAD})
    assert asked(local, "GET", local.address()).body == b"\x89PNG"


@pytest.mark.parametrize(
    ("change", "status", "code", "sentence"),
    [
        ({"key": "uploads/default/u1/md_2"}, 403, "AccessDenied", "Policy Condition failed"),
        ({"key": None}, 400, "InvalidArgument", "named 'key'"),
        ({"Content-Type": "text/html"}, 403, "AccessDenied", "Policy Condition failed"),
        ({"Content-Type": None}, 403, "AccessDenied", "Policy Condition failed"),
        ({"acl": "public-read"}, 403, "AccessDenied", "Extra input fields: acl"),
        ({"policy": "e30="}, 403, "SignatureDoesNotMatch", "does not match"),
        ({"x-amz-signature": "0" * 64}, 403, "SignatureDoesNotMatch", "does not match"),
        ({"policy": None}, 403, "AccessDenied", "Access Denied"),
        ({"x-ignore-long": "x" * 20_001}, 400, "MaxPostPreDataLengthExceeded", "too large"),
    ],
)
def test_a_form_that_is_not_as_it_was_signed_puts_nothing(
    local: Local, change: dict[str, str | None], status: int, code: str, sentence: str
) -> None:
    fields = {name: value for name, value in (local.form() | change).items() if value is not None}
    told = posted(local, fields, b"\x89PNG")
    assert (told.status, told.code) == (status, code)
    assert sentence in told.body.decode().replace("&apos;", "'")
    assert list(local.directory.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "EntityTooSmall"), (b"x" * 1001, "EntityTooLarge"), (None, "InvalidArgument")]
)
def test_nor_does_one_with_no_file_or_one_of_another_size(local: Local, body: bytes | None, code: str) -> None:
    told = posted(local, local.form(), body)
    assert (told.status, told.code) == (400, code)
    assert list(local.directory.iterdir()) == []


def test_a_form_ends_and_stands_on_who_signed_it(local: Local) -> None:
    told = posted(local, local.form(seconds=-1), b"x")
    assert (told.status, told.code) == (403, "AccessDenied")
    assert b"Policy expired" in told.body
    local.said = "User: APIHandler is not authorized"
    assert posted(local, local.form(), b"x").code == "AccessDenied"


def test_what_is_no_form_is_refused(local: Local) -> None:
    told = asked(local, "POST", f"{FORMS}/{local.name}", data=b"x")
    assert (told.status, told.code) == (412, "PreconditionFailed")


def test_a_browser_s_preflight_is_answered(local: Local) -> None:
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "x-upload"}
    told = asked(local, "OPTIONS", f"{FORMS}/{local.name}", headers=headers)
    assert told.status == 200
    assert told.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert told.headers["Access-Control-Allow-Headers"] == "x-upload"


def test_objects_outlive_the_stack_as_they_were(local: Local, tmp_path: Path) -> None:
    local.put(b"one")
    local.put(b"two", "media/default/u1/md_2", "text/plain")
    local.put(b"two again", "media/default/u1/md_2", "text/plain")
    local.put(b"gone", "media/default/u1/md_3")
    local.client.delete_object(Bucket=local.name, Key="media/default/u1/md_3")
    assert posted(local, local.form(), b"posted").status == 204
    # As after a crash: bytes that no note names.
    local.objects.draft().write_bytes(b"half")
    again = restarted(local, tmp_path)
    listed = again.client.list_objects_v2(Bucket=again.name)["Contents"]
    sizes = {one["Key"]: one["Size"] for one in listed}
    assert sizes == {KEY: 3, "media/default/u1/md_2": 9, UPLOAD: 6}
    assert again.body("media/default/u1/md_2") == b"two again"
    assert again.client.head_object(Bucket=again.name, Key=KEY)["ContentType"] == "image/png"
    assert asked(again, "GET", again.address()).body == b"one"
    # Each with its note, and nothing else.
    assert len(list(again.directory.iterdir())) == 6


def test_what_is_removed_together_is_removed_from_the_disk(local: Local) -> None:
    for number in range(3):
        local.put(b"x", f"media/default/u1/md_{number}")
    keys = [{"Key": f"media/default/u1/md_{number}"} for number in range(2)]
    local.client.delete_objects(Bucket=local.name, Delete={"Objects": keys, "Quiet": True})
    assert local.objects.find(local.name, "media/default/u1/md_0") is None
    assert len(list(local.directory.iterdir())) == 2


def test_what_the_lifecycle_would_have_removed_does_not_come_back(local: Local, tmp_path: Path) -> None:
    local.put(b"x")
    local.put(b"x", UPLOAD)
    days_ago(local, 2)
    again = restarted(local, tmp_path)
    assert again.objects.find(again.name, KEY)
    assert not again.objects.find(again.name, UPLOAD)
    days_ago(again, 6)
    assert not restarted(again, tmp_path).objects.find(again.name, KEY)


def days_ago(local: Local, days: int) -> None:
    """Have all objects be older."""
    for note in local.directory.glob("*.json"):
        text = note.read_text()
        modified = float(re.findall(r'"modified": ([\d.]+)', text)[0])
        note.write_text(text.replace(f'"modified": {modified}', f'"modified": {modified - days * 86400}'))


def restarted(local: Local, directory: Path) -> Local:
    """Return the bucket as a new run finds it: emptied, and put back from the disk."""
    local.aws.server.after_object = lambda _bucket, _key: None
    for one in local.client.list_objects_v2(Bucket=local.name).get("Contents", []):
        local.client.delete_object(Bucket=local.name, Key=one["Key"])
    return opened(local.aws, directory)


def test_who_reads_a_file_that_is_overwritten_meanwhile_gets_the_whole_old_one(local: Local) -> None:
    local.put(b"old")
    opened = local.objects.opened(local.name, KEY)
    assert opened
    local.put(b"newer")
    with opened[1] as file:
        assert (opened[0].size, file.read()) == (3, b"old")
    local.client.delete_object(Bucket=local.name, Key=KEY)
    assert local.objects.opened(local.name, KEY) is None


def test_whoever_reads_or_copies_while_others_overwrite_gets_one_whole_file(local: Local) -> None:
    files, together = [b"a" * 30_000, b"b" * 50_000], Barrier(4)
    local.put(files[0])

    def write(body: bytes) -> None:
        for _ in range(8):
            together.wait(60)
            local.put(body)

    def post(body: bytes) -> None:
        for _ in range(8):
            draft = local.objects.draft()
            draft.write_bytes(body)
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            together.wait(60)
            local.objects.take(local.name, KEY, draft, mimetype="image/png", md5=digest)

    def read(copied: str) -> None:
        for _ in range(8):
            together.wait(60)
            local.client.copy_object(Bucket=local.name, Key=copied, CopySource={"Bucket": local.name, "Key": KEY})
            assert {local.body(KEY), local.body(copied)} <= set(files)

    with ThreadPoolExecutor(4) as threads:
        begun = [
            threads.submit(*one) for one in ((write, files[0]), (write, files[1]), (post, files[0]), (read, UPLOAD))
        ]
        for one in begun:
            one.result()


def test_a_large_file_passes_both_ways_without_lying_in_memory(local: Local, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        for number in range(100):
            file.write(bytes([number]) * 1024 * 1024)
    before = resident()
    with large.open("rb") as file:
        assert posted(local, local.form(largest=100 * 1024 * 1024), file).status == 204
    assert resident() - before < 24
    kept = local.objects.find(local.name, UPLOAD)
    assert kept
    assert local.objects.path(kept).read_bytes() == large.read_bytes()


def resident() -> float:
    """Return this process's memory, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024 / 1024


def test_a_key_is_as_it_is_written(local: Local) -> None:
    key = "media/default/u1/a b+c"
    local.put(b"x", key)
    address = local.address(key)
    assert urlsplit(address).path == f"/{quote(key)}"
    assert asked(local, "GET", address).body == b"x"
