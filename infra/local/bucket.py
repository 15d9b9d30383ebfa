"""S3 on the one local port: files are read as the edge serves them from the bucket, and forms are posted as to S3.

moto checks neither signatures nor policies, and holds whole bodies. So both are answered here, in S3's words, over the
files of ``infra/local/moto/objects.py``; who signed must be allowed what is asked, as in S3.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from aiohttp import BodyPartReader, web
from aiohttp.abc import AbstractStreamWriter

from infra.local.iam.callers import NAMELESS
from infra.local.moto.objects import KeptObjects
from infra.local.moto.s3 import SERVICE, XML
from infra.local.moto.server import Denial

FORMS: Final = "/_local/s3"
"""Where forms are posted to, with the bucket's name behind it."""
FILES: Final = "/media/{key:.+}"
"""What the edge leads to the bucket, whose keys begin so."""
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_CREDENTIAL: Final = re.compile(r"[^/]+/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request")
_SIGNED: Final = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
_EARLY: Final = timedelta(minutes=15)
_FIELDS_LIMIT: Final = 20_000
"""Bytes of a form's fields that S3 takes before the file."""
_IN_NO_POLICY: Final = frozenset({"x-amz-signature", "policy", "file", "awsaccesskeyid"})
_SAID_BY_QUERY: Final = {
    "response-content-type": "Content-Type",
    "response-content-disposition": "Content-Disposition",
    "response-cache-control": "Cache-Control",
    "response-content-language": "Content-Language",
    "response-content-encoding": "Content-Encoding",
    "response-expires": "Expires",
}
_POLICY: Final = "Invalid according to Policy: "
_NO_KEY: Final = (
    "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields."
)
_TOO_LARGE: Final = "Your proposed upload exceeds the maximum allowed size"
_TOO_SMALL: Final = "Your proposed upload is smaller than the minimum allowed size"
_TOO_LONG: Final = (
    "X-Amz-Expires must be less than a week (in seconds); "
    "that is, the given X-Amz-Expires must be less than 604800 seconds"
)


class Refusal(Exception):
    """S3 doesn't do it: the answer's status, S3's code for it, its sentence and what else it tells."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def answer(self) -> web.Response:
        """Return S3's answer."""
        told = {"Code": self.code, "Message": self.message, **self.more}
        inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
        return web.Response(status=self.status, text=text, content_type=XML)


def _denied(message: str, **more: object) -> Refusal:
    return Refusal(403, "AccessDenied", message, **more)


@dataclass(frozen=True, slots=True)
class Signer:
    """Judges what is signed with the key of this run; ``host`` is S3's own, as the signers have it."""

    secret_key: str
    host: str

    def signature(self, credential: str, text: str) -> str:
        """Return the signature (version 4) of ``text`` in the scope of ``credential``."""
        found = _CREDENTIAL.fullmatch(credential)
        if found is None:
            raise Refusal(400, "AuthorizationQueryParametersError", "The credential is malformed.")
        key = f"AWS4{self.secret_key}".encode()
        for part in (found["day"], found["region"], "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()

    def check_address(self, method: str, bucket: str, key: str, query: list[tuple[str, str]]) -> str:
        """Return the credential that signed an address which is good now; raises Refusal."""
        given = dict(query)
        if any(f"X-Amz-{name}" not in given for name in _SIGNED):
            raise _denied("Access Denied")
        begins, seconds = _moment(given["X-Amz-Date"]), _seconds(given["X-Amz-Expires"])
        now = datetime.now(UTC)
        if begins > now + _EARLY:
            raise _denied("Request is not valid yet")
        ends = begins + timedelta(seconds=seconds)
        if now >= ends:
            raise _denied("Request has expired", Expires=_iso(ends), ServerTime=_iso(now))
        asked = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query if k != "X-Amz-Signature")
        written = "&".join(f"{name}={value}" for name, value in asked)
        path = quote(f"/{bucket}/{key}", safe="/-_.~")
        request = "\n".join([method, path, written, f"host:{self.host}\n", "host", "UNSIGNED-PAYLOAD"])
        credential = given["X-Amz-Credential"]
        scope = credential.partition("/")[2]
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = "\n".join([given["X-Amz-Algorithm"], given["X-Amz-Date"], scope, digest])
        self._compare(credential, text, given["X-Amz-Signature"])
        return credential

    def check_form(self, bucket: str, fields: Mapping[str, str]) -> tuple[str, tuple[int, int] | None]:
        """Return the credential that signed a form's policy, which its fields keep to, and the file's size by it."""
        if "key" not in fields:
            raise Refusal(400, "InvalidArgument", _NO_KEY)
        needed = ("policy", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-algorithm")
        if any(name not in fields for name in needed) or fields["x-amz-algorithm"] != _ALGORITHM:
            raise _denied("Access Denied")
        self._compare(fields["x-amz-credential"], fields["policy"], fields["x-amz-signature"])
        return fields["x-amz-credential"], _keeps_to(fields["policy"], {**fields, "bucket": bucket})

    def _compare(self, credential: str, text: str, signature: str) -> None:
        if not hmac.compare_digest(self.signature(credential, text).encode(), signature.encode()):
            raise Refusal(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
            )


def _keeps_to(policy: str, fields: Mapping[str, str]) -> tuple[int, int] | None:
    try:
        said: Any = json.loads(base64.b64decode(policy))
        ends = datetime.fromisoformat(said["expiration"])
        conditions = list(said["conditions"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from None
    if datetime.now(UTC) >= ends:
        raise _denied(f"{_POLICY}Policy expired.")
    named, size = set(_IN_NO_POLICY), None
    for one in conditions:
        if isinstance(one, dict):
            ((name, value),) = one.items()
            rule = ["eq", f"${name}", value]
        else:
            rule = one
        if rule[0] == "content-length-range":
            size = (int(rule[1]), int(rule[2]))
            continue
        name = str(rule[1]).removeprefix("$").lower()
        given = fields.get(name)
        fits = given is not None and (given == rule[2] if rule[0] == "eq" else given.startswith(rule[2]))
        if not fits:
            raise _denied(f"{_POLICY}Policy Condition failed: {json.dumps(rule)}")
        named.add(name)
    more = sorted(name for name in fields if name not in named | {"bucket"} and not name.startswith("x-ignore-"))
    if more:
        raise _denied(f"{_POLICY}Extra input fields: {more[0]}")
    return size


class _OpenFile(web.FileResponse):
    """Serves a file that is open, and closes it; its name on the disk may be gone by then."""

    def __init__(self, file: BinaryIO, headers: Mapping[str, str]) -> None:
        super().__init__(Path(f"/proc/self/fd/{file.fileno()}"), headers=headers)
        self._file = file

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send all of it."""
        with self._file:
            return await super().prepare(request)


class Bucket:
    """The bucket ``name`` as browsers meet it. ``denial`` is the local AWS's authorization (``Authorizer.service``).

    ``headers`` are those that the edge adds to every answer of the bucket's.
    """

    def __init__(
        self, name: str, objects: KeptObjects, signer: Signer, denial: Denial, headers: Mapping[str, str]
    ) -> None:
        self._name = name
        self._objects = objects
        self._signer = signer
        self._denial = denial
        self._headers = headers

    def add_to(self, app: web.Application) -> None:
        """Serve the bucket in an application."""
        app.router.add_route("*", FILES, self.read)
        app.router.add_post(f"{FORMS}/{self._name}", self.upload)
        app.router.add_options(f"{FORMS}/{self._name}", self.preflight)

    def add_alone(self, app: web.Application) -> None:
        """Serve the bucket at an address of S3's own: by path, without what an edge adds."""
        app.router.add_route("*", f"/{self._name}/{{key:.+}}", self.read)
        app.router.add_post(f"/{self._name}", self.upload)
        app.router.add_options(f"/{self._name}", self.preflight)

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Serve a file to whoever has a signed address of it, with the edge's headers."""
        try:
            answer = self._file(request)
        except Refusal as refusal:
            answer = refusal.answer()
        answer.headers.update(self._headers)
        answer.headers.update(_cors(request))
        return answer

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file by a form whose policy it keeps to."""
        draft = self._objects.draft()
        try:
            answer = await self._take(request, draft)
        except Refusal as refusal:
            answer = refusal.answer()
            # What hasn't been read of the body is of no use to anybody.
            answer.force_close()
        finally:
            with suppress(FileNotFoundError):
                draft.with_suffix(".part").unlink()
        answer.headers.update(_cors(request))
        return answer

    async def preflight(self, request: web.Request) -> web.StreamResponse:
        """Say to a page that it may post."""
        asked = request.headers.get("Access-Control-Request-Headers", "")
        headers = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Max-Age": "600"} | _cors(request)
        if asked:
            headers["Access-Control-Allow-Headers"] = asked
        return web.Response(headers=headers)

    def _file(self, request: web.Request) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"}:
            raise Refusal(403, "AccessDenied", "The edge leads reads to the bucket, and nothing else.")
        path, _, asked = request.raw_path.partition("?")
        key, query = unquote(path).removeprefix(f"/{self._name}").removeprefix("/"), parse_qsl(asked, True)
        credential = self._signer.check_address(request.method, self._name, key, query)
        self._must_be_allowed(credential, "GetObject", key)
        opened = self._objects.opened(self._name, key)
        if opened is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=key)
        kept, file = opened
        said = {header: value for name, value in query if (header := _SAID_BY_QUERY.get(name))}
        return _OpenFile(file, {"Content-Type": kept.mimetype} | said)

    async def _take(self, request: web.Request, draft: Path) -> web.StreamResponse:
        fields, file = await _form(request)
        credential, size = self._signer.check_form(self._name, fields)
        key = fields["key"]
        self._must_be_allowed(credential, "PutObject", key)
        digest, count = hashlib.md5(usedforsecurity=False), 0
        part = draft.with_suffix(".part")
        with part.open("wb") as out:
            while piece := await file.read_chunk(256 * 1024):
                count += len(piece)
                if size and count > size[1]:
                    raise Refusal(400, "EntityTooLarge", _TOO_LARGE, ProposedSize=count, MaxSizeAllowed=size[1])
                digest.update(piece)
                await asyncio.to_thread(out.write, piece)
        if size and count < size[0]:
            raise Refusal(400, "EntityTooSmall", _TOO_SMALL, ProposedSize=count, MinSizeAllowed=size[0])
        part.replace(draft)
        mimetype = fields.get("content-type", "binary/octet-stream")
        await asyncio.to_thread(self._objects.take, self._name, key, draft, mimetype=mimetype, md5=digest.hexdigest())
        return web.Response(status=204, headers={"ETag": f'"{digest.hexdigest()}"'})

    def _must_be_allowed(self, credential: str, permission: str, key: str) -> None:
        asked = json.dumps({"Bucket": self._name, "Keys": [key]}).encode()
        sentence = self._denial(f"Credential={credential}", f"{SERVICE}.{permission}", asked)
        if sentence == NAMELESS:
            said = "The AWS Access Key Id you provided does not exist in our records."
            raise Refusal(403, "InvalidAccessKeyId", said)
        if sentence is not None:
            raise _denied(sentence)


async def _form(request: web.Request) -> tuple[dict[str, str], BodyPartReader]:
    """Return a form's fields, their names in small letters, and its file, which isn't read yet."""
    if not request.content_type.startswith("multipart/form-data"):
        said = "Bucket POST must be of the enclosure-type multipart/form-data"
        raise Refusal(412, "PreconditionFailed", said)
    fields: dict[str, str] = {}
    length = 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise Refusal(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed.")
            if part.name.lower() == "file":
                return fields, part
            value = b""
            while piece := await part.read_chunk(8192):
                value += piece
                length += len(piece)
                if length > _FIELDS_LIMIT:
                    said = "Your POST request fields preceding the upload file were too large."
                    raise Refusal(400, "MaxPostPreDataLengthExceeded", said)
            fields[part.name.lower()] = value.decode(errors="replace")
    except ValueError:
        raise Refusal(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed.") from None
    raise Refusal(400, "InvalidArgument", "POST requires exactly one file upload per request.")


def edge_headers(policy: Mapping[str, Any]) -> dict[str, str]:
    """Return what a CloudFront response headers policy adds; but for HTTPS's own, since here is none."""
    config = policy["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    headers = {one["Header"]: one["Value"] for one in config["CustomHeadersConfig"]["Items"]}
    return headers | {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
    }


def _cors(request: web.Request) -> dict[str, str]:
    """Return what lets a page read the answer: the front has refused all origins but those that are allowed."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    exposed = "ETag, Content-Disposition"
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposed, "Vary": "Origin"}


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        said = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise Refusal(400, "AuthorizationQueryParametersError", said) from None


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 604_800:
        raise Refusal(400, "AuthorizationQueryParametersError", _TOO_LONG)
    return int(text)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
