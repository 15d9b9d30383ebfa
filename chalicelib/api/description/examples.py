"""An example of each answer, made by the dialect's own function from the sample session, and of each request's body."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec

from chalicelib.api import bodies
from chalicelib.api.bare import requests as bare_requests
from chalicelib.api.company import requests as company_bodies
from chalicelib.api.enveloped import requests as enveloped_requests
from chalicelib.api.health import VERSION, HealthJson
from chalicelib.api.letsbot import requests as letsbot_bodies
from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.company import shapes as company
from chalicelib.dialects.enveloped import accounts
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.dialects.letsbot import shapes as letsbot
from chalicelib.dialects.shared import ReceiptJson, Success, iso
from chalicelib.dialects.socketio import frames as socketio
from chalicelib.dialects.socketio import sessions as socketio_sessions
from chalicelib.domain import events as e
from chalicelib.domain.access import LIFE, ApiKey, Role, Tenant, User
from chalicelib.domain.content import Text
from chalicelib.domain.messages import Attempt, Direction, Message, MessageStatus, Party, Report
from chalicelib.domain.questions import Contact, Group, GroupList
from chalicelib.domain.session import Device, QRCode, Session
from chalicelib.domain.transitions import advance

NOW: Final = 1_767_225_600_000
"""The first moment of 2026, in milliseconds since the Unix epoch."""

CODE: Final = QRCode(
    code="https://wa.me/settings/linked_devices#2@u7Yk…,Q0mA…,dX1c…,b2Zk…,1",
    image="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA…",
    matrix="11111110101\n10000010001\n10111010111",
    attempt=1,
    expires_at=NOW + 60_000,
)
CREATED: Final = Session(
    tenant="default",
    id="6281234567890",
    uid="01KDVM3W00S1MPL3XAMP13Z0A1",
    created_at=NOW - 120_000,
    name="Shop",
    phone="6281234567890",
    webhook_url="https://example.com/hook",
    webhook_secret="whsec_c2FtcGxlLXNlY3JldC1vZi10aGUtZG9jcw==",  # noqa: S106 - an example
    since=NOW - 120_000,
)


def _walked(*events: e.LinkEvent) -> Session:
    """Return what the sample session becomes of these events, by the one table of transitions."""
    session = CREATED
    for event in events:
        session = advance(session, event, now=NOW, event_id="01KDVM3W00EVENT00000000A1")
    return session


_STARTED: Final = (e.StartRequested(), e.WorkerClaimed("worker", "mailbox", standby=True), e.QRShown(CODE))
_DEVICE: Final = Device("6281234567890:7@s.whatsapp.net", "200000000000001:7@lid")
SCANNING: Final = _walked(*_STARTED)
SESSION: Final = _walked(*_STARTED, e.PairSuccess(_DEVICE), e.Connected(_DEVICE))


def _message(status: MessageStatus) -> Message:
    sent, failed = status is MessageStatus.SENT, status is MessageStatus.FAILED
    return Message(
        uid=SESSION.uid,
        id="01KDVM3W00MESSAGE0000000A1",
        tenant="default",
        session=SESSION.id,
        direction=Direction.OUTBOUND,
        status=status,
        created_at=NOW,
        chat="628987654321@s.whatsapp.net",
        to="628987654321@s.whatsapp.net",
        sender=Party("6281234567890"),
        content=Text("Your order is on its way."),
        whatsapp_id="3EB0C767D0971A2B3C4D" if sent else None,
        sent_at=NOW + 180 if sent else None,
        error_code="not_on_whatsapp" if failed else None,
        error_message="The number has no account." if failed else None,
    )


MESSAGE: Final = _message(MessageStatus.SENT)
FAILED: Final = _message(MessageStatus.FAILED)
USER: Final = User("ben", "default", Role.MEMBER, "", NOW)
KEY: Final = ApiKey("01KDVM3W00APIKEY00000000A1", "", "default", "ben", Role.MEMBER, NOW, session=SESSION.id)
TENANT: Final = Tenant("acme", "Acme", NOW, ("ana",))
CONTACT: Final = Contact(exists=True, jid="628987654321@s.whatsapp.net")
GROUPS: Final = GroupList((Group("120363020310020819@g.us", "Coffee", "At nine.", CONTACT.jid, NOW // 1000),))


def answer(kind: Any) -> Any:
    """Return an example of an answer of that type, None if there is none."""
    return _answers().get(kind)


def body(model: type[msgspec.Struct]) -> Mapping[str, Any] | None:
    """Return an example of a request's body, None if there is none."""
    found = _bodies().get(model)
    if found is None:
        return None
    told: dict[str, Any] = msgspec.to_builtins(found)
    return {name: value for name, value in told.items() if value is not None}


@cache
def _answers() -> dict[Any, Any]:
    return {
        HealthJson: HealthJson(status="ok", service="switchboard", timestamp=iso(NOW), uptime=90),
        **_enveloped(),
        **_accounts(),
        bare.BareSessionJson: bare.session(SESSION),
        bare.BareSessionPageJson: bare.many([SESSION], None),
        bare.BareCreatedJson: bare.created(SCANNING, NOW),
        bare.BareCodeJson: bare.code(SCANNING, CODE, NOW),
        bare.BareGoneJson: bare.gone(SESSION.id, at_once=True),
        bare.BareStatusJson: bare.status(
            bare.counts([SESSION, SCANNING], complete=True),
            version=VERSION,
            uptime=90,
            latency=7,
            now=NOW,
        ),
        bare_webhook.BareWebhookJson: bare_webhook.webhook(SESSION),
        bare_webhook.BareWebhookGoneJson: bare_webhook.removed(SESSION.id, there_was_one=True),
        bare_messages.BareSentJson: bare_messages.sent(MESSAGE),
        bare_messages.BareMessageJson: bare_messages.message(MESSAGE),
        bare_messages.BareMessagePageJson: bare_messages.many([MESSAGE], MESSAGE.id),
        **_socketio(),
        **_letsbot(),
        **_companies(),
    }


def _socketio() -> dict[Any, Any]:
    name, sessions = SESSION.id, socketio_sessions
    return {
        Success[socketio.InitializingJson]: socketio.initializing(name),
        Success[sessions.ReconnectingJson]: sessions.reconnecting(name),
        Success[sessions.StateJson]: sessions.state(SESSION),
        Success[sessions.AuthenticatedJson]: sessions.authenticated(SESSION),
        Success[sessions.WidJson]: sessions.wid(SESSION),
        sessions.SentJson: sessions.sent(MESSAGE),
    }


def _letsbot() -> dict[Any, Any]:
    return {
        Success[letsbot.LetsBotCodeJson]: letsbot.code(CODE),
        Success[letsbot.LetsBotSessionJson]: letsbot.found(SESSION),
        Success[letsbot.LetsBotStatusJson]: letsbot.status(SESSION),
        Success[letsbot.LetsBotGoneJson]: letsbot.logged_out(CREATED, NOW),
        Success[letsbot.LetsBotReceiptJson]: letsbot.sent(MESSAGE),
    }


def _companies() -> dict[Any, Any]:
    report = Report((Attempt("+628987654321", MESSAGE),))
    return {
        company.CompanyStatusAnswer: company.status(SCANNING, NOW),
        company.CompanyCodeAnswer: company.code(SCANNING, CODE),
        company.CompanyTestAnswer: company.tested(SESSION),
        company.CompanySentAnswer: company.sent(MESSAGE),
        company.CompanyBulkAnswer: company.bulk(report),
    }


def _enveloped() -> dict[Any, Any]:
    return {
        Success[enveloped.OneSessionJson]: enveloped.one(SESSION),
        Success[enveloped.SessionPageJson]: enveloped.many([SESSION], None),
        Success[enveloped.SessionGoneJson]: enveloped.gone(SESSION.id, at_once=True, now=NOW),
        Success[enveloped.CodeJson]: enveloped.code(SCANNING, CODE, NOW),
        enveloped_messages.CheckedAnswerJson: enveloped_messages.checked("+628987654321", CONTACT),
        enveloped_messages.GroupsJson: enveloped_messages.groups(GROUPS),
        Success[ReceiptJson]: enveloped_messages.sent(MESSAGE),
        Success[enveloped_messages.MessageJson]: enveloped_messages.one(MESSAGE),
        Success[enveloped_messages.MessagePageJson]: enveloped_messages.many([MESSAGE], MESSAGE.id),
    }


def _accounts() -> dict[Any, Any]:
    return {
        Success[accounts.LoginJson]: accounts.login("eyJhbGciOiJIUzI1NiIs…", USER, NOW + 86_400_000),
        Success[accounts.OneUserJson]: accounts.one_user(USER),
        Success[accounts.UserPageJson]: accounts.users([USER], None),
        Success[accounts.NewKeyJson]: accounts.new_key(KEY, "sb_Rk2bq…"),
        Success[accounts.TicketJson]: accounts.ticket("wst_f7Qd2…", NOW + LIFE, NOW),
        Success[accounts.OwnKeysJson]: accounts.own_keys([KEY]),
        Success[accounts.KeyPageJson]: accounts.keys([KEY], None),
        Success[accounts.RevokedJson]: accounts.revoked(1, "API key revoked"),
        Success[accounts.LoggedOutJson]: accounts.logged_out(),
        Success[accounts.GoneJson]: accounts.gone("ben", "User deleted"),
        Success[accounts.OneTenantJson]: accounts.one_tenant(TENANT),
        Success[accounts.TenantPageJson]: accounts.tenants([TENANT], None),
    }


@cache
def _bodies() -> dict[type[msgspec.Struct], msgspec.Struct]:
    password = "correct horse battery staple"  # noqa: S105 - an example
    examples: list[msgspec.Struct] = [
        enveloped_requests.LoginBody("admin", password),
        enveloped_requests.EnvelopedSession(phone="6281234567890", name="Shop"),
        enveloped_requests.EnvelopedSettings(name="Shop", enabled=True),
        enveloped_requests.NameBody("Shop"),
        enveloped_requests.WebhookBody("https://example.com/hook"),
        enveloped_requests.EnabledBody(enabled=True),
        bare_requests.BareSession(session_id="shop.7", phone_number="+6281234567890", name="Shop"),
        bare_requests.BareWebhook(
            "https://example.com/hook",
            events=["message", "status"],
            secret="a secret of your own",  # noqa: S106 - an example
        ),
        bodies.SendBody("+628987654321", "Your order is on its way."),
        enveloped_requests.CheckBody("+628987654321"),
        enveloped_requests.SendFromBody("+628987654321", "Your order is on its way.", session_id=SESSION.id),
        letsbot_bodies.LetsBotMessage("+628987654321", "Your order is on its way."),
        company_bodies.CompanyMessage(to="+628987654321", message="Your order is on its way."),
        company_bodies.CompanyBulk(recipients=["+628987654321", "+491701234567"], message="We open at nine."),
        enveloped_requests.ChangePassword("the old password", password),
        enveloped_requests.NewUser("ben", password, "member"),
        enveloped_requests.UserPatch(role="read_only"),
        enveloped_requests.NewApiKey(session_id=SESSION.id, expires_in_days=90),
        enveloped_requests.NewTicket(SESSION.id),
        enveloped_requests.NewTenant("acme", "ana", password, "Acme"),
        enveloped_requests.TenantPatch(disabled=True),
    ]
    return {type(example): example for example in examples}
