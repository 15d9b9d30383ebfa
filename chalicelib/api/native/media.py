"""The native API's files, under ``/v1/sessions/{id}/media``.

A function is given 6 MB at the most, and as Lambda gets it a body grows by a third. So a small file comes with the
request, and a large one goes straight to the bucket, by the form that announcing it is answered with.
"""

from typing import Annotated, Final

import msgspec

from chalicelib import bootstrap
from chalicelib.api.call import Answer, Call
from chalicelib.api.fields import existing_media, line
from chalicelib.api.files import address_of
from chalicelib.api.outgoing import REPEATED, once
from chalicelib.api.parameters import IDEMPOTENCY_KEY
from chalicelib.api.received import ANNOUNCE
from chalicelib.api.router import Router
from chalicelib.dialects.native import DIALECT
from chalicelib.dialects.native import media as shapes
from chalicelib.domain.access import Permission
from chalicelib.domain.errors import (
    BodyTooLarge,
    InvalidField,
    MediaNotFound,
    MediaTooLarge,
    MediaTypeMismatch,
    TooFast,
)
from chalicelib.domain.media import MB, UNKNOWN, MediaFile, file_name_of, plain_type

router: Final = Router(__name__, DIALECT)
LARGEST_DIRECT: Final = 4 * MB
"""Bytes of a file that comes with the request, as a part of a form; in JSON base64 leaves room for 3 MB."""
_LARGEST_BODY: Final = LARGEST_DIRECT + 16 * 1024
_NO_NAME: Final = frozenset('/\\:*?"<>|')


class NativeUpload(msgspec.Struct, forbid_unknown_fields=True):
    """A file, or what is announced of it: then its type and its size are needed."""

    file: Annotated[
        bytes | None, msgspec.Meta(description="The file itself: in JSON in base64, 3 MB at most; in a form 4 MB.")
    ] = None
    mimetype: (
        Annotated[str, msgspec.Meta(max_length=200, description="What it is; a file that comes along is judged.")]
        | None
    ) = None
    size: (
        Annotated[int, msgspec.Meta(ge=1, description="Bytes of a file that is announced, 100 MB at most.")] | None
    ) = None
    file_name: Annotated[str, msgspec.Meta(max_length=255, description="What people call it.")] | None = None


@router.route(
    "POST",
    "/v1/sessions/{id}/media",
    needs=Permission.MESSAGES_SEND,
    gives={201: shapes.NativeMediaJson},
    refuses=(MediaTooLarge, MediaTypeMismatch, TooFast, *REPEATED),
    takes=(IDEMPOTENCY_KEY,),
    largest=_LARGEST_BODY,
)
def upload(call: Call, name: str, body: NativeUpload) -> Answer:
    """Keep a file for sending, or announce one that is uploaded by the form in the answer's ``upload``.

    A file that comes along is ``stored`` when the call is answered. An announced one has an hour to be uploaded, once,
    with that type and no more than that size; it is judged when it is first asked for or sent.
    """
    library, file_name = bootstrap.media(), _file_name(body.file_name)
    if body.file is not None:
        if not body.file:
            raise InvalidField("'file' is empty.", field="file")
        if len(body.file) > LARGEST_DIRECT:
            raise BodyTooLarge(
                f"A file that comes along has {LARGEST_DIRECT // MB} MB at most.",
                field="file",
                hint=ANNOUNCE,
            )
        with once(call, body) as made:
            kept = library.keep(call.tenant, name, body.file, mimetype=body.mimetype, file_name=file_name, made=made)
        return Answer(_shape(call, kept), status=201)
    mimetype = plain_type(body.mimetype) if body.mimetype else None
    if body.mimetype and mimetype is None:
        raise InvalidField("'mimetype' is no media type, such as image/png.", field="mimetype")
    if body.size is None:
        raise InvalidField("'size' is missing, or the file itself.", field="size")
    with once(call, body) as made:
        file, form = library.announce(
            call.tenant, name, mimetype=mimetype or UNKNOWN, size=body.size, file_name=file_name, made=made
        )
    return Answer(shapes.announced(file, form.url, form.fields), status=201)


@router.route(
    "GET",
    "/v1/sessions/{id}/media/{media_id}",
    needs=Permission.MESSAGES_READ,
    gives={200: shapes.NativeMediaJson},
    refuses=(MediaNotFound,),
)
def show(call: Call, name: str, media_id: str) -> Answer:
    """Give a file's record, and an address where it can be read for 15 minutes.

    Only pictures, videos and sounds that browsers show safely are shown in place; all else is downloaded.
    """
    return Answer(_shape(call, bootstrap.media().get(call.tenant, name, existing_media(media_id))))


@router.route(
    "DELETE",
    "/v1/sessions/{id}/media/{media_id}",
    needs=Permission.MESSAGES_SEND,
    gives={200: shapes.NativeMediaDeletionJson},
    refuses=(MediaNotFound,),
)
def delete(call: Call, name: str, media_id: str) -> Answer:
    """Remove a file. Messages that were sent with it stay as they are."""
    return Answer(shapes.deletion(bootstrap.media().remove(call.tenant, name, existing_media(media_id))))


def _file_name(value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    if _NO_NAME & set(value):
        raise InvalidField("'file_name' is a file's name, without a path.", field="file_name")
    return file_name_of(line(value, field="file_name"))


def _shape(call: Call, of: MediaFile) -> shapes.NativeMediaJson:
    address = address_of(call, of)
    return shapes.media(of, address.url, address.expires_at) if address else shapes.media(of)
