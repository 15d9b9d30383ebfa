"""Examples of the enveloped API's answers, by their types, and of its requests' bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.api.description.samples import CODE, CONTACT, GROUPS, KEY, MESSAGE, NOW, SCANNING, SESSION, TENANT, USER
from chalicelib.api.enveloped import requests, sending
from chalicelib.dialects.enveloped import accounts
from chalicelib.dialects.enveloped import messages as enveloped_messages
from chalicelib.dialects.enveloped import sessions as enveloped
from chalicelib.dialects.shared import ReceiptJson, Success
from chalicelib.domain.access import LIFE
from chalicelib.domain.proxy import ProxyType

_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - an example
ANSWERS: Final[Mapping[Any, Any]] = {
    Success[enveloped.OneSessionJson]: enveloped.one(SESSION),
    Success[enveloped.SessionPageJson]: enveloped.many([SESSION], None),
    Success[enveloped.SessionGoneJson]: enveloped.gone(SESSION.id, at_once=True, now=NOW),
    Success[enveloped.CodeJson]: enveloped.code(SCANNING, CODE, NOW),
    enveloped_messages.CheckedAnswerJson: enveloped_messages.checked("+628987654321", CONTACT),
    enveloped_messages.GroupsJson: enveloped_messages.groups(GROUPS),
    Success[ReceiptJson]: enveloped_messages.sent(MESSAGE),
    enveloped_messages.SentMessageJson: enveloped_messages.sent_as("Image sent")(MESSAGE),
    enveloped_messages.ShownJson: enveloped_messages.done("Typing indicator sent"),
    Success[enveloped_messages.PresenceJson]: enveloped_messages.presence(online=True),
    Success[enveloped_messages.MessageJson]: enveloped_messages.one(MESSAGE),
    Success[enveloped_messages.MessagePageJson]: enveloped_messages.many([MESSAGE], MESSAGE.id),
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
BODIES: Final[tuple[msgspec.Struct, ...]] = (
    requests.ProxyBody(
        requests.ProxyConfig(type=ProxyType.SOCKS5, host="proxy.example.com", port=1080, username="shop")
    ),
    requests.LoginBody("admin", _PASSWORD),
    requests.EnvelopedSession(phone="6281234567890", name="Shop"),
    requests.EnvelopedSettings(name="Shop", enabled=True),
    requests.NameBody("Shop"),
    requests.WebhookBody("https://example.com/hook"),
    requests.EnabledBody(enabled=True),
    requests.CheckBody("+628987654321"),
    requests.SendFromBody("+628987654321", "Your order is on its way.", session_id=SESSION.id),
    sending.SendLocation("+628987654321", 48.2, 16.4),
    sending.SendAttachment("+628987654321", b"%PDF-1.7 an order", "order.pdf"),
    sending.SendImage("+628987654321", b"\x89PNG\r\n\x1a\n", "Menu"),
    sending.SendFileUrl("+628987654321", "https://example.com/menu.png", caption="Menu"),
    sending.ForwardBody("+628987654321", MESSAGE.id),
    sending.ReplyBody("+628987654321", "See you!", MESSAGE.id),
    sending.ToBody("+628987654321"),
    sending.PresenceBody("available"),
    requests.ChangePassword("the old password", _PASSWORD),
    requests.NewUser("ben", _PASSWORD, "member"),
    requests.UserPatch(role="read_only"),
    requests.NewApiKey(name="Till", session_id=SESSION.id, expires_in_days=90, role="member"),
    requests.NewTicket(SESSION.id),
    requests.NewTenant("acme", "ana", _PASSWORD, "Acme"),
    requests.TenantPatch(disabled=True),
)
