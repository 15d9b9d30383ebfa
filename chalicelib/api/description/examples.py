"""An example of each answer, made by the dialect's own function from the samples, and of each request's body."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from chalicelib.api import bodies
from chalicelib.api.company import requests as company_bodies
from chalicelib.api.description import samples as s
from chalicelib.api.enveloped import requests as account_bodies
from chalicelib.api.enveloped import requests as contact_bodies
from chalicelib.api.enveloped.tickets import NewTicket
from chalicelib.api.health import VERSION, HealthJson
from chalicelib.api.letsbot import requests as letsbot_bodies
from chalicelib.dialects.bare import messages as bare_messages
from chalicelib.dialects.bare import sessions as bare
from chalicelib.dialects.bare import sessions as bare_status
from chalicelib.dialects.bare import webhook as bare_webhook
from chalicelib.dialects.company import shapes as company
from chalicelib.dialects.company import shapes as company_messages
from chalicelib.dialects.enveloped import accounts as account_shapes
from chalicelib.dialects.enveloped import accounts as enveloped_accounts
from chalicelib.dialects.enveloped import messages as enveloped_contacts
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.dialects.letsbot import shapes as letsbot
from chalicelib.dialects.shared import Success, iso
from chalicelib.dialects.socketio import frames as socketio
from chalicelib.dialects.socketio import sessions as socketio_sessions
from chalicelib.domain.access import LIFE
from chalicelib.domain.messages import Attempt, Report


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
        HealthJson: HealthJson(status="ok", service="switchboard", timestamp=iso(s.NOW), uptime=90),
        **_enveloped(),
        **_accounts(),
        bare.BareSessionJson: bare.session(s.SESSION),
        bare.BareSessionPageJson: bare.many([s.SESSION], None),
        bare.BareCreatedJson: bare.created(s.SCANNING, s.NOW),
        bare.BareCodeJson: bare.code(s.SCANNING, s.CODE, s.NOW),
        bare.BareGoneJson: bare.gone(s.SESSION.id, at_once=True),
        bare_status.BareStatusJson: bare_status.status(
            bare_status.counts([s.SESSION, s.SCANNING], complete=True),
            version=VERSION,
            uptime=90,
            latency=7,
            now=s.NOW,
        ),
        bare_webhook.BareWebhookJson: bare_webhook.webhook(s.SESSION),
        bare_webhook.BareWebhookGoneJson: bare_webhook.removed(s.SESSION.id, there_was_one=True),
        bare_messages.BareSentJson: bare_messages.sent(s.MESSAGE),
        bare_messages.BareMessageJson: bare_messages.message(s.MESSAGE),
        bare_messages.BareMessagePageJson: bare_messages.many([s.MESSAGE], s.MESSAGE.id),
        **_socketio(),
        **_letsbot(),
        **_companies(),
    }


def _socketio() -> dict[Any, Any]:
    name, sessions = s.SESSION.id, socketio_sessions
    return {
        Success[socketio.InitializingJson]: socketio.initializing(name),
        Success[sessions.ReconnectingJson]: sessions.reconnecting(name),
        Success[sessions.StateJson]: sessions.state(s.SESSION),
        Success[sessions.AuthenticatedJson]: sessions.authenticated(s.SESSION),
        Success[sessions.WidJson]: sessions.wid(s.SESSION),
        sessions.SentJson: sessions.sent(s.MESSAGE),
    }


def _letsbot() -> dict[Any, Any]:
    return {
        Success[letsbot.LetsBotCodeJson]: letsbot.code(s.CODE),
        Success[letsbot.LetsBotSessionJson]: letsbot.found(s.SESSION),
        Success[letsbot.LetsBotStatusJson]: letsbot.status(s.SESSION),
        Success[letsbot.LetsBotGoneJson]: letsbot.logged_out(s.CREATED, s.NOW),
        Success[letsbot.LetsBotReceiptJson]: letsbot.sent(s.MESSAGE),
    }


def _companies() -> dict[Any, Any]:
    report = Report((Attempt("+628987654321", s.MESSAGE),))
    return {
        company.CompanyStatusAnswer: company.status(s.SCANNING, s.NOW),
        company.CompanyCodeAnswer: company.code(s.SCANNING, s.CODE),
        company.CompanyTestAnswer: company.tested(s.SESSION),
        company_messages.CompanySentAnswer: company_messages.sent(s.MESSAGE),
        company_messages.CompanyBulkAnswer: company_messages.bulk(report),
    }


def _enveloped() -> dict[Any, Any]:
    return {
        Success[enveloped.OneSessionJson]: enveloped.one(s.SESSION),
        Success[enveloped.SessionPageJson]: enveloped.many([s.SESSION], None),
        Success[enveloped.SessionGoneJson]: enveloped.gone(s.SESSION.id, at_once=True, now=s.NOW),
        Success[enveloped.CodeJson]: enveloped.code(s.SCANNING, s.CODE, s.NOW),
        enveloped_contacts.CheckedAnswerJson: enveloped_contacts.checked("+628987654321", s.CONTACT),
        enveloped_contacts.GroupsJson: enveloped_contacts.groups(s.GROUPS),
        Success[enveloped_messages.ReceiptJson]: enveloped_messages.sent(s.MESSAGE),
        Success[enveloped_messages.MessageJson]: enveloped_messages.one(s.MESSAGE),
        Success[enveloped_messages.MessagePageJson]: enveloped_messages.many([s.MESSAGE], s.MESSAGE.id),
    }


def _accounts() -> dict[Any, Any]:
    kinds, shapes = account_shapes, enveloped_accounts
    return {
        Success[kinds.LoginJson]: shapes.login("eyJhbGciOiJIUzI1NiIs…", s.USER, s.NOW + 86_400_000),
        Success[kinds.OneUserJson]: shapes.one_user(s.USER),
        Success[kinds.UserPageJson]: shapes.users([s.USER], None),
        Success[kinds.NewKeyJson]: shapes.new_key(s.KEY, "sb_Rk2bq…"),
        Success[kinds.TicketJson]: shapes.ticket("wst_f7Qd2…", s.NOW + LIFE, s.NOW),
        Success[kinds.OwnKeysJson]: shapes.own_keys([s.KEY]),
        Success[kinds.KeyPageJson]: shapes.keys([s.KEY], None),
        Success[kinds.RevokedJson]: shapes.revoked(1, "API key revoked"),
        Success[kinds.LoggedOutJson]: shapes.logged_out(),
        Success[kinds.GoneJson]: shapes.gone("ben", "User deleted"),
        Success[kinds.OneTenantJson]: shapes.one_tenant(s.TENANT),
        Success[kinds.TenantPageJson]: shapes.tenants([s.TENANT], None),
    }


@cache
def _bodies() -> dict[type[msgspec.Struct], msgspec.Struct]:
    password = "correct horse battery staple"  # noqa: S105 - an example
    examples: list[msgspec.Struct] = [
        bodies.LoginBody("admin", password),
        bodies.EnvelopedSession(phone="6281234567890", name="Shop"),
        bodies.EnvelopedSettings(name="Shop", enabled=True),
        bodies.NameBody("Shop"),
        bodies.WebhookBody("https://example.com/hook"),
        bodies.EnabledBody(enabled=True),
        bodies.BareSession(session_id="shop.7", phone_number="+6281234567890", name="Shop"),
        bodies.BareWebhook("https://example.com/hook", events=["message", "status"], secret="a secret of your own"),  # noqa: S106 - an example
        bodies.SendBody("+628987654321", "Your order is on its way."),
        contact_bodies.CheckBody("+628987654321"),
        contact_bodies.SendFromBody("+628987654321", "Your order is on its way.", session_id=s.SESSION.id),
        letsbot_bodies.LetsBotMessage("+628987654321", "Your order is on its way."),
        company_bodies.CompanyMessage(to="+628987654321", message="Your order is on its way."),
        company_bodies.CompanyBulk(recipients=["+628987654321", "+491701234567"], message="We open at nine."),
        account_bodies.ChangePassword("the old password", password),
        account_bodies.NewUser("ben", password, "member"),
        account_bodies.UserPatch(role="read_only"),
        account_bodies.NewApiKey(session_id=s.SESSION.id, expires_in_days=90),
        NewTicket(s.SESSION.id),
        account_bodies.NewTenant("acme", "ana", password, "Acme"),
        account_bodies.TenantPatch(disabled=True),
    ]
    return {type(example): example for example in examples}
