"""The app over the real adapters and moto's AWS in this process, on a clock that waiting moves."""

import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final

from botocore.model import OperationModel
from chalice.test import Client
from moto.dynamodb.models import dynamodb_backends

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.accounts import DynamoKeys
from chalicelib.adapters.dynamodb.invitations import DynamoInvitations
from chalicelib.adapters.dynamodb.media import DynamoMedia
from chalicelib.adapters.dynamodb.messages import DynamoMessages
from chalicelib.adapters.dynamodb.sessions import DynamoSessions
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.api.description import samples
from chalicelib.api.native.examples import FILE, INVITATION
from chalicelib.domain.access import Role, User, fingerprint
from chalicelib.domain.content import PhoneCall
from chalicelib.domain.invitations import LASTS, hashed, secret_of, token_of
from chalicelib.domain.media import MediaState
from chalicelib.domain.messages import Direction, MessageStatus, Party
from chalicelib.domain.session import PasskeyDemand, PasskeyStep
from infra.whatsapp_server.passkeys import request_options
from tests.fakes.accounts import FakeKeySecrets

HASTE = 20
"""How much longer a wait is on the clock than it says: there is nobody to wait for."""
PASSWORD = "admin123"
SCANNING, STOPPED, SIGNING, COMPARING = "shop.scanning", "shop.stopped", "shop.signing", "shop.comparing"
"""Sessions beside the sample one: that one is connected."""

OPTIONS: Final = request_options()
"""What the session ``SIGNING`` is to have signed."""

RECEIVED: Final = replace(
    samples.MESSAGE,
    id="01KDVM3W00MESSAGE0000000A2",
    direction=Direction.INBOUND,
    status=MessageStatus.RECEIVED,
    sender=Party("628987654321", "200000000000002", "Ben"),
    whatsapp_id="3A01",
)
CALLED: Final = replace(RECEIVED, id="01KDVM3W00MESSAGE0000000A3", content=PhoneCall("C1"))
"""Messages beside the sample one: that one was sent."""
STORED: Final = replace(FILE, id="md_01KDVM3W00MEDIA000000000A2", state=MediaState.STORED, size=7)
"""A file beside the sample one: that one was only announced."""

SHOWN: Final = "01KDVM3W00S1MPL3XAMP13Z0A2"
"""The uid of the session ``SCANNING``."""
LINK: Final = secret_of(SHOWN, INVITATION.id, bytes(32))
"""The secret of an invitation to link that session."""
INVITED: Final = replace(INVITATION, uid=SHOWN, session=SCANNING, secret_hash=hashed(LINK))
HELD: Final = token_of(SHOWN, "01KDVM3W00INVITATION0000A2", bytes(32))
"""The token of an invitation that was opened."""
OPENED: Final = replace(INVITED, id="01KDVM3W00INVITATION0000A2", token_hash=hashed(HELD))


@dataclass
class FastClock:
    """The machine's time, and what was slept away; it stands for the module ``time`` where services are made."""

    slept: float = 0.0
    at_first: Callable[[], None] = lambda: None
    """Called when somebody begins to wait."""

    def sleep(self, seconds: float) -> None:
        self.at_first()
        self.slept += HASTE * seconds

    def time_ns(self) -> int:
        return time.time_ns() + int(self.slept * 1e9)


@dataclass
class MeteredGateway:
    """The app, and a tenant with users, keys, sessions and a message, as at the beginning whenever that is wanted."""

    client: Client
    table: Table
    clock: FastClock
    mailbox: str
    key: str = ""
    """The secret of an API key for the connected session."""
    scanning_key: str = ""
    """The same for the one that shows a code."""
    operations: list[str] = field(default_factory=list)
    """What the table was asked for."""
    beginning: Any = None

    def furnish(self) -> None:
        """Make the tenant with all that is in it, and remember how it was."""
        bootstrap.first_administrator("admin", PASSWORD, "default")
        bootstrap.users().register("default", samples.USER.name, PASSWORD, Role.MEMBER)
        bootstrap.users().register("default", "rita", PASSWORD, Role.READ_ONLY)
        bootstrap.tenants().create("acme", "Acme", admin="ana", password=PASSWORD)
        now, sessions = bootstrap.clock(), DynamoSessions(self.table)
        sessions.create(replace(samples.SESSION, mailbox=self.mailbox))
        code = replace(samples.CODE, expires_at=now + 3_600_000)
        sessions.create(replace(samples.SCANNING, id=SCANNING, uid=SHOWN, qr=code))
        for one in (INVITED, replace(OPENED, opened_at=now)):
            DynamoInvitations(self.table).add(replace(one, created_at=now, expires_at=now + LASTS))
        demanded = replace(samples.PASSKEY, mailbox=self.mailbox)
        demand = PasskeyDemand(json.dumps(OPTIONS), now + 3_600_000)
        sessions.create(replace(demanded, id=SIGNING, uid="01KDVM3W00S1MPL3XAMP13Z0A4", passkey=demand))
        demand = PasskeyDemand("", now + 3_600_000, PasskeyStep.CONFIRM, "ABCD-EFGH")
        sessions.create(replace(demanded, id=COMPARING, uid="01KDVM3W00S1MPL3XAMP13Z0A5", passkey=demand))
        sessions.create(replace(samples.CREATED, id=STOPPED, uid="01KDVM3W00S1MPL3XAMP13Z0A3"))
        for message in (samples.MESSAGE, RECEIVED, CALLED):
            DynamoMessages(self.table).put(replace(message, created_at=now, sent_at=now))
        for kept in (FILE, STORED):
            mine = replace(kept, uid=samples.SESSION.uid, created_at=now, expires_at=now + 3_600_000)
            DynamoMedia(self.table).put(mine)
        secrets = FakeKeySecrets()
        self.key, self.scanning_key = secrets(), secrets()
        key = replace(samples.KEY, fingerprint=fingerprint(self.key) or "", created_at=now)
        other = replace(key, id="01KDVM3W00APIKEY00000000A2", fingerprint=fingerprint(self.scanning_key) or "")
        DynamoKeys(self.table).add(key)
        DynamoKeys(self.table).add(replace(other, session=SCANNING))
        self.beginning = deepcopy(self._stored().items)

    def begin_again(self) -> None:
        """Have everything in the table as it was at the beginning."""
        # What a process remembers having written down of people isn't in the table any more.
        bootstrap.recognition().forget()
        bootstrap.parts.known_uids().forget()
        bootstrap.signals.cache_clear()
        bootstrap.chats.cache_clear()
        self._stored().items = deepcopy(self.beginning)

    def token(self, name: str = "admin") -> str:
        """A new token of that user."""
        user = bootstrap.accounts().users.get(name)
        assert isinstance(user, User)
        # By the machine's clock: the library that checks tokens knows no other.
        return bootstrap.accounts().tokens.issue(user, now=time.time_ns() // 1_000_000)[0]

    def note(self, model: OperationModel, **_: object) -> None:
        """Remember an operation that the table is asked for."""
        self.operations.append(model.name)

    def __call__(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask over HTTP; returns status, headers and body."""
        answer = self.client.http.request(method, path, headers=headers or {}, body=body)
        return answer.status_code, answer.headers, answer.body

    def _stored(self) -> Any:
        region = self.table.client.meta.region_name
        return dynamodb_backends["123456789012"][region].tables[self.table.name]


Environ = dict[str, Any]


def as_wsgi(gateway: MeteredGateway) -> Callable[[Environ, Callable[..., Any]], list[bytes]]:
    """The gateway as a WSGI application."""

    def application(environ: Environ, start: Callable[..., Any]) -> list[bytes]:
        headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name[:5] == "HTTP_"}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path, query = environ["REQUEST_URI"].partition("?")[0], environ["QUERY_STRING"]
        target = f"{path}?{query}" if query else path
        status, answered, content = gateway(environ["REQUEST_METHOD"], target, headers, body)
        start(f"{status} Answered", list(answered.items()))
        return [content]

    return application
