"""One suite over files and their records in AWS and over the tests' fakes, and what S3 alone has."""

import io
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.media import DynamoMedia
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Condition, Table
from chalicelib.adapters.media import S3MediaFiles
from chalicelib.domain.media import MB, MediaKind, MediaState
from chalicelib.services.ports import Misconfigured
from chalicelib.services.ports.media import FileGone, KeptFile, MediaFiles, MediaStore
from tests.adapters.conftest import REGION
from tests.fakes.media import MemoryMedia, MemoryMediaFiles
from tests.makers import a_media_file, a_session

BUCKET = "switchboard-media"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> MediaStore:
    return MemoryMedia() if request.param == "memory" else DynamoMedia(request.getfixturevalue("table"))


@pytest.fixture
def bucket(aws: None) -> S3MediaFiles:
    clients.s3.cache_clear()
    client: Any = clients.s3()
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return S3MediaFiles(clients.s3, BUCKET)


@pytest.fixture(params=["memory", "s3"])
def files(request: pytest.FixtureRequest) -> MediaFiles:
    return MemoryMediaFiles() if request.param == "memory" else request.getfixturevalue("bucket")


def read(files: MediaFiles, key: str, **part: int) -> bytes:
    with files.read(key, **part) as pieces:
        return b"".join(pieces)


def test_a_record_is_put_once_and_read_as_it_is(store: MediaStore) -> None:
    media = a_media_file(kind=MediaKind.IMAGE, mimetype="image/png", file_name="a.png", message="01JMSG")
    assert store.put(media)
    assert not store.put(replace(media, mimetype="image/gif"))
    assert store.get(media.uid, media.id) == media
    assert store.get("another", media.id) is None
    assert store.get(media.uid, "md_another") is None


def test_a_record_moves_from_the_version_that_stands(store: MediaStore) -> None:
    media = a_media_file(error_code=None)
    store.put(media)
    stored = media.stored(mimetype="image/png", size=3, sha256="ab")
    assert store.move(stored)
    assert not store.move(media.lost("media_expired"))
    assert not store.move(replace(stored, id="md_another", version=1))
    found = store.get(media.uid, media.id)
    assert found == stored
    assert found.state is MediaState.STORED


def test_several_records_are_read_at_once(store: MediaStore) -> None:
    one, other = a_media_file(id="md_1"), a_media_file(id="md_2")
    for media in (one, other, a_media_file(id="md_3")):
        store.put(media)
    found = store.many(one.uid, ["md_2", "md_1", "md_4", "md_1"])
    assert sorted(found, key=lambda media: media.id) == [one, other]
    assert store.many("another", ["md_1"]) == []


def test_a_record_is_removed_and_again(store: MediaStore) -> None:
    media = a_media_file()
    store.put(media)
    store.remove(media)
    store.remove(media)
    assert store.get(media.uid, media.id) is None


def test_records_go_with_their_session_and_keep_what_a_later_version_wrote(table: Table) -> None:
    sessions, store = DynamoSessions(table), DynamoMedia(table)
    session = sessions.create(a_session())
    media = a_media_file(uid=session.uid)
    store.put(media)
    later = Condition("SET later = :on", {":on": "on"})
    table.update(f"S#{media.uid}", f"F#{media.id}", later, Condition("attribute_exists(pk)", {}))
    assert store.move(media.stored(mimetype="image/png", size=3, sha256="ab"))
    item = table.get(f"S#{media.uid}", f"F#{media.id}")
    assert item is not None
    assert (item["later"], item["ttl"]) == ("on", media.expires_at // 1000)
    assert sessions.remove(session)
    assert store.get(session.uid, media.id) is None


def test_a_file_is_read_as_it_was_put_whole_and_in_part(files: MediaFiles) -> None:
    body = bytes(range(256)) * 3000
    files.put("media/a/u/md_1", io.BytesIO(body), mimetype="image/png")
    assert read(files, "media/a/u/md_1") == body
    assert read(files, "media/a/u/md_1", first=5, last=9) == body[5:10]
    assert read(files, "media/a/u/md_1", first=700_000) == body[700_000:]
    assert files.look("media/a/u/md_1") == KeptFile(len(body), "image/png")


def test_a_file_that_is_not_there_is_gone(files: MediaFiles) -> None:
    with pytest.raises(FileGone):
        read(files, "media/a/u/md_1")
    assert files.look("media/a/u/md_1") is None
    files.remove("media/a/u/md_1")


def test_files_are_removed_one_by_one_and_by_prefix(files: MediaFiles) -> None:
    for key in ("media/a/u/md_1", "media/a/u/md_2", "media/a/v/md_3", "media/b/u/md_4"):
        files.put(key, io.BytesIO(b"x"), mimetype="text/plain")
    files.remove("media/a/u/md_1")
    assert files.look("media/a/u/md_1") is None
    files.remove_all("media/a/u/")
    files.remove_all("media/a/none/")
    assert files.look("media/a/u/md_2") is None
    assert files.look("media/a/v/md_3")
    files.remove_all("media/a/")
    assert files.look("media/a/v/md_3") is None
    assert files.look("media/b/u/md_4")


def test_a_file_is_put_from_where_the_source_stands(files: MediaFiles) -> None:
    source = io.BytesIO(b"01234")
    source.seek(2)
    files.put("k", source, mimetype="text/plain")
    assert read(files, "k") == b"234"


def test_a_form_holds_its_file_to_key_size_and_type(bucket: S3MediaFiles) -> None:
    form = bucket.upload_form("media/a/u/md_1", mimetype="image/png", largest=5 * MB, seconds=60)
    assert form.fields["key"] == "media/a/u/md_1"
    assert form.fields["Content-Type"] == "image/png"
    assert {"policy", "x-amz-signature"} <= {name.lower() for name in form.fields}
    assert "x-amz-signature" not in repr(form).lower()


def test_an_address_says_how_the_file_is_served_and_when_it_ends(bucket: S3MediaFiles) -> None:
    address = bucket.read_address("k", seconds=90, mimetype="text/plain", disposition="attachment")
    asked = parse_qs(urlsplit(address).query)
    assert asked["response-content-type"] == ["text/plain"]
    assert asked["response-content-disposition"] == ["attachment"]
    assert asked["X-Amz-Expires"] == ["90"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_what_is_signed_is_the_bucket_s_name_in_its_region(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """The edge asks by that name; another one's signature would be refused, or lead around the world."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    clients.s3.cache_clear()
    bucket = S3MediaFiles(clients.s3, BUCKET)
    address = bucket.read_address("media/t/u/k", seconds=90, mimetype="text/plain", disposition="attachment")
    form = bucket.upload_form("uploads/t/u/k", mimetype="text/plain", largest=9, seconds=90)
    clients.s3.cache_clear()
    host = f"https://{BUCKET}.s3.{region}.amazonaws.com/"
    assert address.startswith(f"{host}media/t/u/k?")
    assert form.url == host


def test_a_bucket_that_may_not_be_read_is_an_operator_s_business(
    bucket: S3MediaFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        answer: Any = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(answer, "GetObject")

    monkeypatch.setattr(bucket.client, "get_object", refuse)
    with pytest.raises(Misconfigured):
        read(bucket, "k")
