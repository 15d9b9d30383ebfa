"""The native API's files."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest

from chalicelib.api.native.media import LARGEST_DIRECT
from chalicelib.domain.access import Role
from chalicelib.domain.media import LARGEST
from tests.api.conftest import Caller, World
from tests.makers import a_running_session
from tests.worker.media import samples

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000
MEDIA = "/v1/sessions/shop/media"
TO = {"phone": "+628987654321"}


@pytest.fixture(autouse=True)
def shop(world: World) -> None:
    world.put(a_running_session(id="shop", uid="u1"))


def form(body: bytes, *, name: str = "file", file_name: str = "plan.png", kind: str = "image/png") -> bytes:
    head = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\nContent-Type: {kind}\r\n\r\n'
    )
    return head.encode() + body + b"\r\n--b--\r\n"


MULTIPART = {"Content_Type": "multipart/form-data; boundary=b"}


def test_an_announced_file_is_answered_with_a_form_and_is_there_once_it_is_uploaded(world: World, ana: Caller) -> None:
    announced = ana("POST", MEDIA, {"mimetype": "image/png", "size": len(PNG), "file_name": "plan.png"})
    assert (announced.status, announced.json["state"], announced.json["url"]) == (201, "pending", None)
    fields = announced.json["upload"]["fields"]
    assert fields["Content-Type"] == "image/png"
    world.stores.files.files[fields["key"]] = PNG, "image/png"
    kept = ana("GET", f"{MEDIA}/{announced.json['id']}").json
    assert (kept["state"], kept["size"], kept["sha256"]) == ("stored", len(PNG), sha256(PNG).hexdigest())
    assert kept["url"].startswith("https://")
    assert "upload" not in kept


@pytest.mark.parametrize("way", ["json", "form"])
def test_a_small_file_comes_with_the_call(ana: Caller, way: str) -> None:
    if way == "json":
        kept = ana("POST", MEDIA, {"file": b64encode(PNG).decode(), "file_name": "plan.png"})
    else:
        kept = ana("POST", MEDIA, form(PNG), **MULTIPART)
    assert (kept.status, kept.json["state"], kept.json["mimetype"]) == (201, "stored", "image/png")
    assert (kept.json["size"], kept.json["file_name"]) == (len(PNG), "plan.png")


def test_a_repeated_call_keeps_one_file(world: World, ana: Caller) -> None:
    kept = [ana("POST", MEDIA, {"file": b64encode(PNG).decode()}, Idempotency_Key="k1").json["id"] for _ in range(2)]
    announced = [ana("POST", MEDIA, {"size": 7}, Idempotency_Key="k2").json["id"] for _ in range(2)]
    assert (len(set(kept)), len(set(announced)), len(world.stores.media.rows)) == (1, 1, 2)
    assert ana("POST", MEDIA, {"size": 8}, Idempotency_Key="k2").error["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_repeated_call_does_not_bring_back_what_was_removed(world: World, ana: Caller) -> None:
    for key, body in {"k1": {"file": b64encode(PNG).decode()}, "k2": {"size": 7}}.items():
        kept = ana("POST", MEDIA, body, Idempotency_Key=key).json["id"]
        ana("DELETE", f"{MEDIA}/{kept}")
        again = ana("POST", MEDIA, body, Idempotency_Key=key)
        assert (again.status, again.error["code"]) == (409, "RESULT_GONE")
    assert not world.stores.media.rows
    assert not world.stores.files.files


@pytest.mark.parametrize("first", [True, False])
def test_a_field_counts_more_than_what_a_form_says_of_its_file(ana: Caller, *, first: bool) -> None:
    field = b'--b\r\nContent-Disposition: form-data; name="file_name"\r\n\r\nmine.png\r\n'
    file = form(PNG)
    body = field + file if first else file.removesuffix(b"--b--\r\n") + field + b"--b--\r\n"
    assert ana("POST", MEDIA, body, **MULTIPART).json["file_name"] == "mine.png"


def test_two_files_in_one_form_are_refused_and_neither_is_kept(world: World, ana: Caller) -> None:
    refused = ana("POST", MEDIA, form(PNG).removesuffix(b"--b--\r\n") + form(PNG), **MULTIPART)
    assert (refused.status, refused.error["code"], refused.error["field"]) == (400, "INVALID_FIELD", "file")
    assert not world.stores.media.rows


def test_a_file_is_called_as_it_can_be_shown(ana: Caller) -> None:
    kept = ana("POST", MEDIA, {"file": b64encode(PNG).decode(), "file_name": "\u202egnp.exe"})
    assert kept.json["file_name"] == "gnp.exe"


def test_what_is_no_base64_is_told_what_would_be(ana: Caller) -> None:
    refused = ana("POST", MEDIA, {"file": "data:image/png;base64," + b64encode(PNG).decode()})
    assert (refused.status, refused.error["field"]) == (400, "file")
    assert refused.error["message"].startswith("'file' must be base64 and nothing else: no 'data:' before it")


def test_what_is_too_large_for_a_call_is_told_where_to_go(ana: Caller) -> None:
    refused = ana("POST", MEDIA, form(PNG + b"\0" * LARGEST_DIRECT), **MULTIPART)
    assert (refused.status, refused.error["code"]) == (413, "BODY_TOO_LARGE")
    assert "POST /v1/sessions/{id}/media" in refused.error["message"]
    refused = ana("POST", MEDIA, {"file": "A" * (LARGEST_DIRECT + 20_000)})
    assert (refused.status, refused.error["code"]) == (413, "BODY_TOO_LARGE")
    assert "POST /v1/sessions/{id}/media" in refused.error["message"]
    refused = ana("POST", MEDIA, {"mimetype": "video/mp4", "size": LARGEST + 1})
    assert (refused.status, refused.error["code"], refused.error["field"]) == (422, "MEDIA_TOO_LARGE", "size")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, (400, "INVALID_FIELD", "size")),
        ({"size": 7, "mimetype": "picture"}, (400, "INVALID_FIELD", "mimetype")),
        ({"size": 0}, (400, "INVALID_FIELD", "size")),
        ({"file": ""}, (400, "INVALID_FIELD", "file")),
        ({"file": "not base64!"}, (400, "INVALID_FIELD", "file")),
        (
            {"file": b64encode(b"<html></html>").decode(), "mimetype": "image/png"},
            (422, "MEDIA_TYPE_MISMATCH", "mimetype"),
        ),
        ({"file": b64encode(samples.a_png_bomb(7_200)).decode()}, (422, "MEDIA_TOO_LARGE", "file")),
        ({"file": b64encode(PNG).decode(), "file_name": "../plan.png"}, (400, "INVALID_FIELD", "file_name")),
        ({"file": b64encode(PNG).decode(), "caption": "Plan"}, (400, "INVALID_FIELD", "caption")),
    ],
)
def test_a_bad_file_is_refused_by_name_and_not_kept(
    world: World, ana: Caller, body: dict[str, object], told: tuple[int, str, str]
) -> None:
    refused = ana("POST", MEDIA, body)
    assert (refused.status, refused.error["code"], refused.error["field"]) == told
    assert not world.stores.media.rows
    assert not world.stores.files.files


def test_a_file_in_another_route_s_form_is_still_refused(ana: Caller) -> None:
    refused = ana("POST", "/v1/sessions", form(PNG, name="name"), **MULTIPART)
    assert (refused.status, refused.error["field"]) == (400, "name")


def test_another_tenant_s_file_is_not_there_and_readers_bring_none(world: World, ana: Caller, nobody: Caller) -> None:
    kept = ana("POST", MEDIA, {"file": b64encode(PNG).decode()}).json
    ben = Caller(nobody.client, world.token(tenant="acme"))
    for method in ("GET", "DELETE"):
        refused = ben(method, f"{MEDIA}/{kept['id']}")
        assert (refused.status, refused.error["code"]) == (404, "SESSION_NOT_FOUND")
    rita = Caller(nobody.client, world.token(role=Role.READ_ONLY))
    assert rita("GET", f"{MEDIA}/{kept['id']}").status == 200
    assert rita("POST", MEDIA, {"file": b64encode(PNG).decode()}).status == 403
    assert rita("DELETE", f"{MEDIA}/{kept['id']}").status == 403


def test_a_removed_file_is_gone(world: World, ana: Caller) -> None:
    kept = ana("POST", MEDIA, {"file": b64encode(PNG).decode()}).json
    assert ana("DELETE", f"{MEDIA}/{kept['id']}").json == {"id": kept["id"], "deleted": True}
    assert not world.stores.files.files
    for name in (kept["id"], "md_nothing", "%00"):
        assert ana("GET", f"{MEDIA}/{name}").error["code"] == "MEDIA_NOT_FOUND"


def test_a_file_is_sent_by_its_id(world: World, ana: Caller) -> None:
    announced = ana("POST", MEDIA, {"mimetype": "image/png", "size": len(PNG)}).json
    draft = {"to": TO, "type": "image", "image": {"media_id": announced["id"]}}
    early = ana("POST", "/v1/sessions/shop/messages", draft)
    assert (early.status, early.error["code"]) == (409, "MEDIA_NOT_READY")
    world.stores.files.files[announced["upload"]["fields"]["key"]] = PNG, "image/png"
    sent = ana("POST", "/v1/sessions/shop/messages", draft)
    assert (sent.status, sent.json["image"]["media_id"]) == (202, announced["id"])


def test_a_picture_of_more_pixels_than_phones_take_is_sent_as_a_document_alone(world: World, ana: Caller) -> None:
    kept = ana("POST", MEDIA, {"file": b64encode(PNG).decode()}).json["id"]
    rows = world.stores.media.rows
    ((key, file),) = rows.items()
    rows[key] = replace(file, width=12_000, height=9_000)
    picture, document = (
        ana("POST", "/v1/sessions/shop/messages", {"to": TO, "type": one, one: {"media_id": kept}})
        for one in ("image", "document")
    )
    assert (picture.status, picture.error["code"], picture.error["field"]) == (
        422,
        "MEDIA_TOO_LARGE",
        "image.media_id",
    )
    assert document.status == 202
