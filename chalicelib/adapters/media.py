"""The bytes of files in an S3 bucket, streamed both ways, and presigned requests to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from chalicelib.adapters.clients import refused, translated
from chalicelib.services.ports import Unavailable
from chalicelib.services.ports.media import FileGone, KeptFile, UploadForm

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

CHUNK: Final = 256 * 1024
"""Bytes that are read at a time."""
_AT_ONCE: Final = 1000
"""Keys that one call of S3's may remove."""


class S3MediaFiles(Struct, frozen=True):
    """The MediaFiles port. ``connect`` returns the client, which is made when it is needed: it is slow to make.

    ``uploads`` is where forms are posted to, empty for the bucket's own address.
    """

    connect: Callable[[], "S3Client"]
    bucket: str
    uploads: str = ""

    @property
    def client(self) -> "S3Client":
        """S3's client."""
        return self.connect()

    def put(self, key: str, source: BinaryIO, *, mimetype: str) -> None:
        """Write the file in one request: botocore streams it, while its own multipart uploads hold many parts."""
        with translated():
            self.client.put_object(Bucket=self.bucket, Key=key, Body=source, ContentType=mimetype)

    @contextmanager
    def read(self, key: str, *, first: int = 0, last: int | None = None) -> Iterator[Iterator[bytes]]:
        """Read the file while the context lasts."""
        whole = first == 0 and last is None
        # Of a whole file botocore checks the sum that S3 keeps, of a part there is none.
        part: Any = {} if whole else {"Range": f"bytes={first}-{'' if last is None else last}"}
        try:
            with translated():
                answer = self.client.get_object(Bucket=self.bucket, Key=key, **part)
        except Exception as error:
            if _is_missing(error.__cause__):
                raise FileGone from error
            raise
        with answer["Body"] as body:
            yield _chunks(body)

    def look(self, key: str) -> KeptFile | None:
        """Ask for the file's headers."""
        try:
            with translated():
                answer = self.client.head_object(Bucket=self.bucket, Key=key)
        except Exception as error:
            if _is_missing(error.__cause__):
                return None
            raise
        return KeptFile(answer["ContentLength"], answer["ContentType"])

    def copy(self, key: str, to: str) -> None:
        """Have S3 copy the file."""
        try:
            with translated():
                self.client.copy_object(Bucket=self.bucket, Key=to, CopySource={"Bucket": self.bucket, "Key": key})
        except Exception as error:
            if _is_missing(error.__cause__):
                raise FileGone from error
            raise

    def remove(self, key: str) -> None:
        """Remove the file."""
        with translated():
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def remove_all(self, prefix: str) -> None:
        """Remove the files, a thousand a call."""
        with translated():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                keys = [one["Key"] for one in page.get("Contents", [])]
                for start in range(0, len(keys), _AT_ONCE):
                    objects: list[Any] = [{"Key": key} for key in keys[start : start + _AT_ONCE]]
                    gone = self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
                    if gone.get("Errors"):
                        raise Unavailable(f"S3 left {len(gone['Errors'])} files: {gone['Errors'][0].get('Code')}")

    def upload_form(self, key: str, *, mimetype: str, largest: int, seconds: int) -> UploadForm:
        """Sign a policy that says key, type and size; nothing is sent."""
        fixed = {"Content-Type": mimetype}
        conditions: list[object] = [{"Content-Type": mimetype}, ["content-length-range", 1, largest]]
        with translated():
            form = self.client.generate_presigned_post(
                self.bucket, key, Fields=fixed, Conditions=conditions, ExpiresIn=seconds
            )
        return UploadForm(self.uploads or form["url"], form["fields"])

    def read_address(self, key: str, *, seconds: int, mimetype: str, disposition: str) -> str:
        """Sign a request; nothing is sent."""
        asked = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentType": mimetype,
            "ResponseContentDisposition": disposition,
        }
        with translated():
            return self.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)


def _chunks(body: Any) -> Iterator[bytes]:
    while True:
        try:
            chunk = body.read(CHUNK)
        except (BotoCoreError, OSError) as error:
            # A file that breaks off is no file: botocore says so at its end.
            raise Unavailable(str(error)) from error
        if not chunk:
            return
        yield chunk


def _is_missing(error: BaseException | None) -> bool:
    return isinstance(error, ClientError) and (refused(error, "NoSuchKey", "404", "InvalidRange"))
