"""A session's files and messages, reached as its worker reaches them, and a phone's files."""

import hashlib
import io
import time
from typing import Any

import boto3
import requests

from chalicelib.adapters.dynamodb.media import DynamoMedia
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.media import S3MediaFiles
from chalicelib.adapters.names import new_id
from chalicelib.domain.content import Media
from chalicelib.domain.media import KEPT, MediaFile, MediaState, media_id
from chalicelib.domain.messages import Direction, Message, MessageStatus, Party
from chalicelib.domain.session import Session
from infra.local.client import Phone, Stack, eventually
from tests.flows.table import TheTable, environment_of


class Store:
    """A session's items and files, reached as its worker reaches them."""

    def __init__(self, stack: Stack, session_id: str) -> None:
        self._stack = stack
        reached = TheTable(stack)
        table = Table(reached.client, reached.name)
        told = environment_of(stack.workers()[0])
        s3: Any = boto3.client(
            "s3",
            endpoint_url=told["AWS_ENDPOINT_URL"],
            region_name=told["AWS_REGION"],
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        )
        self.messages, self.media = DynamoMessages(table), DynamoMedia(table)
        self.files = S3MediaFiles(lambda: s3, told["MEDIA_BUCKET"])
        found = DynamoSessions(table).get(reached.uid(session_id))
        assert found
        self.session: Session = found

    def keep(self, body: bytes, mimetype: str) -> str:
        """Have a file lie there as one that was uploaded; return its id."""
        now = time.time_ns() // 1_000_000
        begun = MediaFile(
            uid=self.session.uid,
            id=media_id(new_id()),
            tenant=self.session.tenant,
            session=self.session.id,
            direction=Direction.OUTBOUND,
            state=MediaState.PENDING,
            created_at=now,
            expires_at=now + KEPT,
        )
        stored = begun.stored(mimetype=mimetype, size=len(body), sha256=hashlib.sha256(body).hexdigest())
        self.files.put(stored.key, io.BytesIO(body), mimetype=mimetype)
        assert self.media.put(stored)
        return stored.id

    def send(self, to: Phone, content: Media) -> Message:
        """Have a message be owed, and return what became of it."""
        now = time.time_ns() // 1_000_000
        chat = f"{to.number}@s.whatsapp.net"
        message = Message(
            uid=self.session.uid,
            id=new_id(),
            tenant=self.session.tenant,
            session=self.session.id,
            direction=Direction.OUTBOUND,
            status=MessageStatus.QUEUED,
            created_at=now,
            expires_at=now + 120_000,
            chat=chat,
            to=chat,
            content=content,
            sender=Party(self.session.device.phone if self.session.device else None),
        )
        assert self.messages.put(message)
        # Any call that rings the worker does.
        assert self._stack.post(f"/api/sessions/{self.session.id}/check-number", {"number": to.number}).ok
        return eventually(lambda: self._settled(message))

    def _settled(self, message: Message) -> Message | None:
        found = self.messages.get(message.uid, message.id)
        return found if found and found.settled else None

    def came(self, whatsapp_id: str) -> Message:
        """Return the message that came in under that id, once it is there."""

        def look() -> Message | None:
            recent = self.messages.recent(self.session.uid, limit=20, before=None)
            return next((one for one in recent if one.whatsapp_id == whatsapp_id), None)

        return eventually(look)

    def body(self, media: Media) -> bytes:
        """Return the bytes of a file that came in, once they are there."""

        def look() -> MediaFile | None:
            found = self.media.get(self.session.uid, media.media_id or "")
            return found if found and found.state is not MediaState.PENDING else None

        with self.files.read(eventually(look).key) as pieces:
            return b"".join(pieces)


def put_on(phone: Phone, body: bytes) -> str:
    address = f"{phone.stack.url}/_local/whatsapp/phones/{phone.number}/files"
    return str(requests.put(address, data=body, timeout=40).json()["file"])
