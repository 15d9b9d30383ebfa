"""The page's files in their bucket: new ones before a function refers to them, old ones for tabs that are open."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chalicelib.page import KEPT, TYPES
from infra.deploy.account import Account, explained
from infra.page import ROOT

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

FORMER: Final = 3
"""How many builds stay besides those that are served."""
AT_ONCE: Final = 1000
"""Keys that one call of S3's may remove."""


def publish(account: Account, bucket: str, folder: Path) -> int:
    """Upload those files under ``folder`` that aren't there; return how many. Raises CannotDeploy.

    A key is the file's path in the folder. It names a build, so what is there already is the same.
    """
    s3, there = account.session.client("s3"), _listed(account, bucket)
    missing = sorted(files(folder) - there.keys())
    with explained("take the page's files"):
        for key in missing:
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=(folder / key).read_bytes(),
                ContentType=TYPES[Path(key).suffix],
                CacheControl=KEPT,
                ExpectedBucketOwner=account.number,
            )
    return len(missing)


def tidy(account: Account, bucket: str, folder: Path) -> int:
    """Remove all builds but those under ``folder`` and the newest others; return how many. Raises CannotDeploy."""
    there, served = _listed(account, bucket), {_build(key) for key in files(folder)}
    newest: dict[str, datetime] = {}
    for key, changed in there.items():
        newest[_build(key)] = max(changed, newest.get(_build(key), changed))
    former = sorted(newest.keys() - served, key=lambda build: newest[build], reverse=True)
    gone = set(former[FORMER:])
    _remove(account, bucket, [key for key in there if _build(key) in gone])
    return len(gone)


def empty(account: Account, bucket: str) -> None:
    """Remove all files; raises CannotDeploy."""
    _remove(account, bucket, list(_listed(account, bucket)))


def files(folder: Path) -> set[str]:
    """Return the keys of the files under ``folder``."""
    return {path.relative_to(folder).as_posix() for path in (folder / ROOT).rglob("*") if path.is_file()}


def _build(key: str) -> str:
    return key.split("/")[1]


def _listed(account: Account, bucket: str) -> dict[str, datetime]:
    """Return when each key was written."""
    pages = account.session.client("s3").get_paginator("list_objects_v2")
    with explained("list the page's files"):
        found = pages.paginate(Bucket=bucket, Prefix=f"{ROOT}/", ExpectedBucketOwner=account.number)
        return {one["Key"]: one["LastModified"] for page in found for one in page.get("Contents", [])}


def _remove(account: Account, bucket: str, keys: list[str]) -> None:
    s3: S3Client = account.session.client("s3")
    with explained("remove files of the page"):
        for some in _parts(keys):
            objects = [{"Key": key} for key in some]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects}, ExpectedBucketOwner=account.number)  # type: ignore[typeddict-item]


def _parts(keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
