"""The bucket that CloudFormation takes code and template from: private, encrypted, versioned, over TLS only."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from infra.deploy.account import Account, explained, refused
from infra.deploy.tags import listed

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

OLD_DAYS: Final = 90
"""Days that a replaced version stays."""


def bucket_name(account: Account, stack: str) -> str:
    """Return the bucket's name, which no other account can have taken by chance."""
    return named(stack, account.number, account.region)


def named(stack: str, number: str, region: str) -> str:
    """Return the name for an account's number and a region; 63 letters at the most, as S3 wants it."""
    return f"{stack}-code-{number}-{region}"


def ensure(account: Account, stack: str, tags: Mapping[str, str]) -> str:
    """Create the bucket or put its settings and tags right; return its name. Raises CannotDeploy."""
    s3, name, owner = account.session.client("s3"), bucket_name(account, stack), account.number
    with explained("make a bucket for the code"):
        if not _is_there(s3, name, owner):
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": account.region}}
            s3.create_bucket(Bucket=name, **({} if account.region == "us-east-1" else elsewhere))  # type: ignore[arg-type]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed(tags)})
        closed = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=closed)  # type: ignore[arg-type]
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_over_tls(name, account)))
        rule = {
            "ID": "old-versions-go",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})  # type: ignore[list-item]
    return name


def upload(account: Account, bucket: str, path: Path, key: str | None = None) -> str:
    """Upload a file as ``key``, else under a name made from its content, unless it is there; return the key.

    Raises CannotDeploy.
    """
    s3 = account.session.client("s3")
    key = key or f"{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}{path.suffix}"
    with explained(f"take {path.name}"):
        try:
            s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=account.number)
        except ClientError as error:
            if not refused(error, "404", "NoSuchKey"):
                raise
            s3.upload_file(str(path), bucket, key, ExtraArgs={"ExpectedBucketOwner": account.number})
    return key


def remove(account: Account, stack: str) -> bool:
    """Remove the bucket with every version of everything in it; False if there is none. Raises CannotDeploy."""
    s3, name, owner = account.session.client("s3"), bucket_name(account, stack), account.number
    with explained("remove the bucket of the code"):
        if not _is_there(s3, name, owner):
            return False
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name, ExpectedBucketOwner=owner):
            listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]
            if found:
                s3.delete_objects(Bucket=name, Delete={"Objects": found}, ExpectedBucketOwner=owner)  # type: ignore[typeddict-item]
        s3.delete_bucket(Bucket=name, ExpectedBucketOwner=owner)
    return True


def _is_there(s3: "S3Client", name: str, owner: str) -> bool:
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=owner)
    except ClientError as error:
        if refused(error, "404", "NoSuchBucket"):
            return False
        raise
    return True


def _over_tls(name: str, account: Account) -> dict[str, object]:
    partition = account.session.get_partition_for_region(account.region)
    arn = f"arn:{partition}:s3:::{name}"
    statement = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
