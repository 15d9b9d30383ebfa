"""The native API's answers about files."""

from collections.abc import Mapping
from typing import Annotated, NotRequired, TypedDict

from chalicelib.dialects.shared import Moment, iso
from chalicelib.domain.media import UNKNOWN, UPLOAD_TAKES, MediaFile, MediaState


class NativeUploadJson(TypedDict):
    """The form to upload a file with: post ``fields`` as multipart/form-data, then the file as ``file``."""

    url: str
    fields: Annotated[dict[str, str], "Who has them can upload the file."]
    expires_at: Moment


class NativeMediaJson(TypedDict):
    """A file of a session."""

    id: Annotated[str, "A message names it as ``media_id``."]
    state: Annotated[
        MediaState,
        "``pending`` until it is uploaded, ``failed`` where its bytes aren't what was announced, or couldn't be kept, "
        "``expired`` where WhatsApp no longer had it.",
    ]
    error_code: Annotated[str | None, "Why it failed."]
    mimetype: Annotated[str, "Judged by its bytes; until they are there, what was announced."]
    size: Annotated[int | None, "In bytes."]
    sha256: Annotated[str | None, "In hexadecimal digits."]
    file_name: Annotated[str | None, "As whoever sent it calls it."]
    message_id: Annotated[str | None, "The message that it came with."]
    created_at: Moment
    expires_at: Annotated[Moment, "When it is gone."]
    url: Annotated[str | None, "Where it can be read; who has the address needs no credential. Null until it is there."]
    url_expires_at: Moment | None
    upload: NotRequired[Annotated[NativeUploadJson, "Of a file that was just announced."]]


class NativeMediaDeletionJson(TypedDict):
    """A file that was removed."""

    id: str
    deleted: bool


def media(of: MediaFile, url: str | None = None, url_expires_at: int | None = None) -> NativeMediaJson:
    """Return a file, with where it can be read."""
    return {
        "id": of.id,
        "state": of.state,
        "error_code": of.error_code and of.error_code.upper(),
        "mimetype": of.mimetype or UNKNOWN,
        "size": of.size,
        "sha256": of.sha256,
        "file_name": of.file_name,
        "message_id": of.message,
        "created_at": iso(of.created_at),
        "expires_at": iso(of.expires_at),
        "url": url,
        "url_expires_at": iso(url_expires_at),
    }


def announced(of: MediaFile, url: str, fields: Mapping[str, str]) -> NativeMediaJson:
    """Return a file that was just announced, with the form to upload it with."""
    ends = of.created_at + UPLOAD_TAKES
    upload: NativeUploadJson = {"url": url, "fields": dict(fields), "expires_at": iso(ends)}
    return {**media(of), "upload": upload}


def deletion(of: MediaFile) -> NativeMediaDeletionJson:
    """Return what became of a file that was removed."""
    return {"id": of.id, "deleted": True}
