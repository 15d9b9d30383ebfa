"""docs/security.md against the code and the template: what it claims, in its own words.

Claims with a test of their own elsewhere: what each kind of stranger may reach (tests/api/test_authorization.py), what
ends a link's token (tests/services/accounts/test_invitations.py), codes
(tests/api/test_linking_right.py), logins (tests/services/accounts/test_accounts.py), webhooks' addresses
(tests/adapters/test_poster.py), proxies (tests/adapters/test_proxies.py), links (tests/adapters/test_links.py), what decodes files
(tests/worker/media/test_examining.py), forged addresses (tests/api/test_caller.py), pages (tests/api/test_origins.py), what the
table keeps of credentials (tests/gateway/test_secrets_kept.py), signing keys (tests/infra/test_signing_keys.py), and what
stands in AWS after a deployment (tests/infra/test_stack.py).
"""

import ast
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import pytest

from chalicelib.adapters import links
from chalicelib.adapters.credentials import LIFETIME as TOKEN_LIFETIME
from chalicelib.adapters.dynamodb import invitations as kept_invitations
from chalicelib.adapters.dynamodb import messages as kept_messages
from chalicelib.adapters.dynamodb import sessions as kept_events
from chalicelib.adapters.dynamodb.keys import KEYS
from chalicelib.config import settings
from chalicelib.domain import access, chats, engineio, invitations, media, messages, watchers
from chalicelib.domain.access import Principal, Role
from chalicelib.domain.events import DELETED, Envelope
from chalicelib.domain.watchers import push_job
from chalicelib.domain.webhook import Delivery
from chalicelib.services.media import ADDRESS_HOLDS
from chalicelib.services.watching.socketio import NEIGHBOURS
from chalicelib.worker.media import examining
from infra.template import TEMPLATE, load_template
from tests.api.routes import DECLARED, NEEDS
from tests.api.test_unknown import ask
from tests.composition import Rig
from tests.docs.tables import DOCS, names, rows, section
from tests.makers import a_message, a_session

ROOT = DOCS.parent
PAGE = "security.md"
CLOUD = load_template(TEMPLATE)
DAY = 86_400


def said(*sentences: str) -> None:
    """Hold that the page says it, wherever its lines break."""
    page = " ".join((DOCS / PAGE).read_text().split())
    assert [sentence for sentence in sentences if sentence not in page] == []


def told(heading: str) -> dict[str, list[str]]:
    """Return the further cells of a table's rows by the first one, without marks."""
    return {row[0].strip("*`"): [cell.strip("*") for cell in row[1:]] for row in rows(section(PAGE, heading))}


def properties(name: str) -> Mapping[str, Any]:
    return CLOUD.resources[name]["Properties"]  # type: ignore[no-any-return]


# ---- who may do what ---------------------------------------------------------------------------------------------------


def test_every_route_needs_a_token_or_an_api_key_but_for_those_below():
    said("every route needs a token or an API key, but for those [below](#what-needs-no-credential)")
    public = {f"{method} {path}" for method, path in set(DECLARED) - set(NEEDS)}
    assert sorted(names(section(PAGE, "### What needs no credential"))) == sorted(public)


@pytest.mark.parametrize("asked", ["GET /metrics", "GET /api", "DELETE /health", "PUT /api/auth/login"])
def test_whatever_else_is_asked_for_needs_a_credential_or_is_refused(asked: str):
    said("Whatever else is asked for needs a credential, or is refused")
    method, path = asked.split()
    assert ask(method, path).status in {404, 405}


@pytest.mark.parametrize("stage", ["dev", "prod", "anything"])
def test_no_anonymous_use_in_any_cloud_stage_a_function_that_is_told_otherwise_fails(
    monkeypatch: pytest.MonkeyPatch, stage: str
):
    said("no anonymous use in any cloud stage (a function that is told otherwise fails)")
    monkeypatch.setenv("STAGE", stage)
    monkeypatch.setenv("ALLOW_ANONYMOUS", "1")
    with pytest.raises(RuntimeError, match="ALLOW_ANONYMOUS"):
        settings.__wrapped__()


def test_failed_logins_are_counted_by_user_by_address_by_both_together_and_by_larger_network():
    said(
        "failed logins counted by user, by address, by both together and by larger network (/24, /48)",
        f"failed logins within {access.WINDOW // 60} minutes: {access.MOST_BY_PAIR} of one user from one address, "
        f"{access.MOST_BY_USER} of one user, {access.MOST_BY_ADDRESS} from one address, "
        f"{access.MOST_BY_NETWORK} from a larger network",
    )
    where = [access.source("ana", address) for address in ("203.0.113.9", "2001:db8:1:2::9")]
    assert [one.network for one in where] == ["203.0.113.0/24", "2001:db8:1::/48"]


def test_the_bounds_of_channels_that_show_no_token_are_the_code_s(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ARRIVALS_PER_MINUTE", raising=False)
    arrivals = settings.__wrapped__().arrivals_per_minute
    said(
        f"{arrivals} a minute from one address, {arrivals * NEIGHBOURS} from a larger network. A channel that shows no "
        f"token ends after {watchers.HANDSHAKE // 1000} seconds or {watchers.MOST_UNKNOWN_POLLS} polls, none of which is "
        f"held for longer than {watchers.UNKNOWN_POLL} seconds",
        f"{engineio.MAX_PAYLOAD:,} characters",
    )


def test_polls_have_a_function_of_their_own_whose_concurrency_is_no_part_of_the_others():
    said("its concurrency (`PollConcurrency`) is no part of the others'", "where `ReservedConcurrency` is 0")
    reserved = properties("Polls")["ReservedConcurrentExecutions"]
    assert reserved == {"Fn::If": ["Reserves", {"Ref": "PollConcurrency"}, {"Ref": "AWS::NoValue"}]}


def test_a_rate_limit_for_each_of_the_two_apis_and_by_default_no_firewall():
    said("a rate limit for each of the two APIs, a firewall by parameter (by default there is none)")
    for limits in (properties("RestAPI")["MethodSettings"][0], properties("WebsocketAPIStage")["DefaultRouteSettings"]):
        assert limits["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    defaults = {name: one["Default"] for name, one in CLOUD.document["Parameters"].items() if "Default" in one}
    assert (defaults["RequestsPerFiveMinutes"], defaults["FirewallArn"]) == ("0", "")


def test_how_long_tokens_and_tickets_are_good_for():
    said(
        f"good for {TOKEN_LIFETIME // 3600} hours; ended by `POST /api/auth/logout`",
        "it opens one WebSocket within a minute",
    )
    assert access.LIFE == 60_000


# ---- watchers that are closed ------------------------------------------------------------------------------------------


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.accounts.first_administrator("admin", "admin123", "default")
    rig.tenants.create("acme", "Acme", admin="cleo", password="password")
    rig.users.register("acme", "bo", "password", Role.MEMBER)
    session = a_session(tenant="acme")
    rig.stores.sessions.rows[session.uid] = session
    return rig


def bearer(rig: Rig) -> Principal:
    return rig.accounts.authenticate(rig.accounts.login("bo", "password", address="127.0.0.1").token)


def watching(rig: Rig, principal: Principal) -> None:
    rig.watching.connect("w1", principal, session="ana", dialect="enveloped")


ENDS: dict[str, Callable[[Rig, Principal], object]] = {
    "logout": lambda rig, principal: rig.accounts.log_out(principal),
    "a new password": lambda rig, _: rig.accounts.change_password("bo", "password", "another", address="127.0.0.1"),
    "a new password by an administrator": lambda rig, _: rig.users.change("acme", "bo", password="another"),
    "a user who is disabled": lambda rig, _: rig.users.change("acme", "bo", disabled=True),
    "a user who is removed": lambda rig, _: rig.users.remove("acme", "bo"),
    "another role": lambda rig, _: rig.users.change("acme", "bo", role=Role.READ_ONLY),
    "a tenant that is disabled": lambda rig, _: rig.tenants.change("acme", name=None, disabled=True),
}


@pytest.mark.parametrize("end", ENDS)
def test_ended_with_the_watchers_it_opened(rig: Rig, end: str):
    said(
        "ended by `POST /api/auth/logout` with it, or with all others of its user by a new password or when the user is "
        "disabled or removed, each time with the watchers it opened"
    )
    principal = bearer(rig)
    watching(rig, principal)
    ENDS[end](rig, principal)
    assert rig.sockets.closed == ["w1"]
    assert not rig.stores.watchers.rows


KEY_ENDS: dict[str, Callable[[Rig, str], object]] = {
    "revoked": lambda rig, key: rig.api_keys.revoke("acme", key),
    "all of its owner's revoked": lambda rig, _: rig.api_keys.revoke_all("bo"),
    "its owner disabled": lambda rig, _: rig.users.change("acme", "bo", disabled=True),
    "its tenant disabled": lambda rig, _: rig.tenants.change("acme", name=None, disabled=True),
}


@pytest.mark.parametrize("end", KEY_ENDS)
def test_a_key_revoked_at_once_the_watchers_that_its_tickets_opened_closed(rig: Rig, end: str):
    said("revoked at once, the watchers that its tickets opened closed")
    key, secret = rig.api_keys.create("bo", session=None, lasts=None)
    # A ticket's holder is who asked for it, as the key stands.
    watching(rig, rig.api_keys.standing(rig.api_keys.authenticate(secret)))
    KEY_ENDS[end](rig, key.id)
    assert rig.sockets.closed == ["w1"]
    assert not rig.stores.watchers.rows


def test_watchers_opened_with_a_dropped_key_s_tokens_are_told_on_for_two_hours_at_the_most(rig: Rig):
    said("Watchers that were opened with the old key's tokens are told on, for two hours at the most")
    watching(rig, bearer(rig))
    [opened] = rig.stores.watchers.rows.values()
    assert opened.expires_at - rig.clock.now <= watchers.LIFETIME == 2 * 3_600_000
    assert watchers.life_ends(0, None) == watchers.life_ends(0, TOKEN_LIFETIME * 1000) == 2 * 3_600_000


def test_a_link_for_the_phone_s_holder_is_good_for_15_minutes_and_its_token_for_a_minute_after_the_linking():
    said("it is opened once, within 15 minutes", "For a minute it still says that the session is linked")
    assert (invitations.LASTS, invitations.GRACE, invitations.ENTROPY) == (15 * 60_000, 60_000, 32)
    said("the secret's 32 random bytes: guessing comes to nothing")


# ---- what is encrypted -------------------------------------------------------------------------------------------------


def test_tls_alone_http_is_refused_not_redirected():
    said("[TLS](#what-is-encrypted) alone, http is refused", "TLS alone: http is refused, not redirected")
    shown = properties("Distribution")["DistributionConfig"]
    behaviours = [shown["DefaultCacheBehavior"], *shown["CacheBehaviors"]]
    assert {one["ViewerProtocolPolicy"] for one in behaviours} == {"https-only"}


def test_what_strangers_sent_is_served_by_the_edge_as_nothing_that_runs():
    said("it is served with `nosniff` and a `Content-Security-Policy` with `sandbox`, by the edge")
    behaviours = properties("Distribution")["DistributionConfig"]["CacheBehaviors"]
    (behaviour,) = (one for one in behaviours if one["TargetOriginId"] == "media")
    assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "MediaHeaders"}
    added = properties("MediaHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert added["ContentTypeOptions"]["Override"]
    policy = added["ContentSecurityPolicy"]
    assert policy["Override"]
    assert "sandbox" in policy["ContentSecurityPolicy"].split("; ")
    assert added["ReferrerPolicy"] == {"ReferrerPolicy": "no-referrer", "Override": True}


def test_a_file_s_address_is_good_for_15_minutes_and_a_form_for_an_hour():
    said("good for one file and 15 minutes (a form: for one name, type and size, and an hour)")
    assert ADDRESS_HOLDS == 15 * 60
    assert media.UPLOAD_TAKES == 3_600_000


def test_tls_1_2_at_least_under_a_domain_of_one_s_own_and_to_api_gateway_but_not_under_cloudfront_s_own_name():
    said(
        "TLS 1.2 at least under a domain of one's own (`DomainName`). **CloudFront's own name takes TLS 1.0 too**",
        "CloudFront speaks TLS 1.2 to API Gateway, whose own addresses take TLS 1.0 too",
    )
    shown = properties("Distribution")["DistributionConfig"]
    condition, domain, own = shown["ViewerCertificate"]["Fn::If"]
    assert (condition, domain["MinimumProtocolVersion"]) == ("HasDomain", "TLSv1.2_2021")
    # CloudFront takes no minimum beside its own certificate.
    assert own == {"CloudFrontDefaultCertificate": True}
    for origin in [one for one in shown["Origins"] if one["Id"] not in {"media", "page"}]:
        config = origin["CustomOriginConfig"]
        assert (config["OriginProtocolPolicy"], config["OriginSSLProtocols"]) == ("https-only", ["TLSv1.2"])


def test_the_edge_s_secret_is_in_every_function_s_environment_and_in_cloudfront_s_configuration_and_workers_don_t_have_it():
    said(
        "in the environment of every function (encrypted by Lambda's key) and in CloudFront's configuration",
        "Workers don't have it",
        "who may read the functions' or CloudFront's configuration can read that secret",
    )
    condition, told, otherwise = CLOUD.variables["EDGE_SECRET"]["Fn::If"]
    assert (condition, otherwise) == ("HasEdge", "")
    secret = json.dumps(told)
    assert "EdgeSecret" in secret
    origins = properties("Distribution")["DistributionConfig"]["Origins"]
    apis = [one for one in origins if one["Id"] not in {"media", "page"}]
    sent = [json.dumps(one["OriginCustomHeaders"][0]["HeaderValue"]) for one in apis]
    assert sent == [secret.replace(":SecretString:::", ":SecretString:current::")] * 2
    assert "EdgeSecret" not in json.dumps([one for one in origins if one not in apis])
    assert "EdgeSecret" not in json.dumps([properties("WorkerTask"), properties("WorkerRole")])


def test_its_role_reaches_the_one_table_the_media_bucket_mailboxes_by_their_prefix_and_one_access_point():
    said(
        "its role reaches the one table, the media bucket, mailboxes by their prefix and one access point, and can start, "
        "stop and read nothing else",
        "it could read and write every tenant's items in the table, every tenant's files in the bucket, every session's "
        "directory, and every worker's mailbox",
    )
    (policy,) = properties("WorkerRole")["Policies"]
    allowed = [(one["Action"], json.dumps(one["Resource"])) for one in policy["PolicyDocument"]["Statement"]]
    services = {
        action.split(":")[0]
        for actions, _ in allowed
        for action in ([actions] if isinstance(actions, str) else actions)
    }
    assert services == {"dynamodb", "sqs", "elasticfilesystem", "s3"}
    assert all(re.search(r"Table|-worker-\*|DeviceFiles|MediaBucket", resource) for _, resource in allowed)
    assert "ContainerPort" not in json.dumps(properties("WorkerTask"))
    assert "SecurityGroupIngress" not in properties("WorkerSecurityGroup")


def test_of_the_stack_s_roles_the_worker_s_alone_may_mount_the_linked_devices_files():
    said("that of the stack's roles the worker's alone may mount, over TLS; not backed up")
    roles = {name: json.dumps(one) for name, one in CLOUD.of_type("AWS::IAM::Role").items()}
    assert [name for name, text in roles.items() if "elasticfilesystem" in text] == ["WorkerRole"]
    # A policy without an "Allow" leaves nobody in who comes without a role that may.
    (statement,) = properties("DeviceFiles")["FileSystemPolicy"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    said("not backed up (unless `FileBackups=yes`: then copies stay for 35 days)")
    for chosen, status in (({}, "DISABLED"), ({"FileBackups": "yes"}, "ENABLED")):
        files = CLOUD.decided({"WorkerImage": "x"} | chosen).resources["DeviceFiles"]["Properties"]
        assert files["BackupPolicy"] == {"Status": status}


def test_cloudfront_keeps_nothing_errors_neither():
    said("it keeps nothing; errors neither, which it would keep for ten seconds by their path alone")
    shown = properties("Distribution")["DistributionConfig"]
    assert shown["DefaultCacheBehavior"]["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    kept = {one["ErrorCode"]: one["ErrorCachingMinTTL"] for one in shown["CustomErrorResponses"]}
    # All that CloudFront would keep, by its manual.
    assert kept == dict.fromkeys((400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504), 0)


# ---- what is logged ----------------------------------------------------------------------------------------------------


def test_requests_are_logged_without_paths_query_strings_headers_or_addresses():
    logged = told("## What is logged")
    assert logged["requests"] == [
        "request id, time, duration, method, route, status, size; of WebSockets the connection id and what kind of event",
        "paths as they came, query strings, headers, addresses",
    ]
    rest = properties("RestAPI")["AccessLogSetting"]["Fn::If"][1]["Format"]
    websocket = properties("WebsocketAPIStage")["AccessLogSettings"]["Fn::If"][1]["Format"]
    assert set(re.findall(r"\$context\.([\w.]+)", rest + websocket)) == {
        *(
            "requestId",
            "extendedRequestId",
            "requestTimeEpoch",
            "responseLatency",
            "integrationLatency",
            "httpMethod",
            "resourcePath",
        ),
        *("routeKey", "status", "responseLength", "error.responseType", "connectionId", "eventType"),
    }


def test_cloudfront_s_and_the_firewall_s_logs_are_not_on():
    said("nothing: their logs aren't on, since they would hold query strings")
    assert "Logging" not in properties("Distribution")["DistributionConfig"]
    assert not CLOUD.of_type("AWS::WAFv2::LoggingConfiguration")
    assert properties("Firewall")["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_functions_log_events_with_names_and_ids_and_no_field_that_could_hold_a_text():
    said("events with tenant, session id, `uid`, `event_id`, status and reason")
    given = set[str]()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        if "worker" not in path.parts:
            functions = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)]
            given |= {field for function in functions for field in logged_by(function)}
    assert {"uid", "event_id", "session"} <= given
    assert given <= {
        *("tenant", "session", "uid", "event_id", "message", "message_id", "status", "reason", "attempt", "next_at"),
        *("watcher", "key", "task", "sequence", "code", "edge_id"),
    }


def logged_by(function: ast.FunctionDef) -> set[str]:
    """Return the fields that a function gives to its log, written there or under a name of its own."""
    nodes = list(ast.walk(function))
    given = [one.value for one in nodes if isinstance(one, ast.keyword) and one.arg == "extra"]
    named = {one.id for value in given for one in ast.walk(value) if isinstance(one, ast.Name)}
    parts = [*given]
    for node in nodes:
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            of = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(of, ast.Name) and of.id in named:
                parts += [node.value, target]
    dicts = [one for part in parts for one in ast.walk(part) if isinstance(one, ast.Dict)]
    indexes = [part.slice for part in parts if isinstance(part, ast.Subscript)]
    keys = [*indexes, *(key for one in dicts for key in one.keys)]
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


# ---- what is kept, and how long ----------------------------------------------------------------------------------------


def days(seconds: int) -> str:
    return "a day" if seconds == DAY else f"{seconds // DAY} days"


def test_texts_are_kept_7_days_and_in_point_in_time_recovery_35_more():
    said("texts are gone from what the gateway answers after 7 days, and from the account after 35 more")
    kept = told("### What is kept, and how long")
    assert kept["messages, with their texts"] == [days(messages.KEPT // 1000)] == ["7 days"]
    assert kept["every state of the table: point-in-time recovery"] == ["35 days"]
    # AWS's own number, where no other is asked for.
    asked = properties("Table")["PointInTimeRecoverySpecification"]
    assert asked == {"PointInTimeRecoveryEnabled": True}


def test_none_of_the_stack_s_roles_may_restore_the_table():
    said("whoever may restore the table can have them back", "None of the stack's roles may")
    every = json.dumps(CLOUD.of_type("AWS::IAM::Role"))
    assert not re.findall(r"dynamodb:(?:Restore|Export|CreateBackup|\*)\w*", every)


def test_all_else_is_kept_as_long_as_the_table_says():
    kept = {what: cells[0] for what, cells in told("### What is kept, and how long").items()}
    rule = properties("FailureBucket")["LifecycleConfiguration"]["Rules"][0]
    last = next(one for one in KEYS if one.sk == "LAST")
    assert kept == {
        "messages, with their texts": days(messages.KEPT // 1000),
        "files of messages, and their records": days(media.KEPT // 1000),
        "uploads of announced files that nobody has asked for since": days(DAY),
        "history, without texts": days(kept_events.KEPT),
        "when a session's newest message came in and went out": "as long as the session"
        if last.ttl is None
        else last.ttl,
        "with whom a session has chats, without texts": f"{days(chats.CHAT_KEPT // 1000)} from the newest message",
        "which message is in which chat": days(2 * messages.KEPT // 1000),
        "who of a group has got or read a message": days(messages.KEPT // 1000),
        "which number and LID are one person's": days(kept_messages.KNOWN),
        "an event that was told again by hand, with its text": days(kept_events.REDRIVEN_KEPT),
        "the code that is shown": kept["the code that is shown"],
        "what an Idempotency-Key was used for, without texts": days(kept_messages.IDEMPOTENCY_KEPT),
        "failed logins": f"{access.WINDOW // 60} minutes",
        "links for the phone's holder, without their secrets": f"{days(kept_invitations.KEPT)} from their end",
        "the addresses that a user has logged in from": days(access.KNOWN),
        "failed records, with their texts": f"{rule['ExpirationInDays']} days",
        "dead letters, without texts": days(properties("DeliveryDeadLetterQueue")["MessageRetentionPeriod"]),
        "logs": f"{CLOUD.document['Parameters']['LogDays']['Default']} days (`LogDays`)",
        "every state of the table: point-in-time recovery": "35 days",
    }
    assert properties("WakeDeadLetterQueue")["MessageRetentionPeriod"] == 14 * DAY
    rules = properties("MediaBucket")["LifecycleConfiguration"]["Rules"]
    assert {one.get("Prefix"): one["ExpirationInDays"] * DAY for one in rules} == {
        None: media.KEPT // 1000,
        "uploads/": DAY,
    }


def test_a_link_is_fetched_under_the_rules_of_webhooks_for_three_redirects_at_the_most():
    said("the same, for each of three redirects at the most; size and time are limited for all of them together")
    assert links.REDIRECTS == 3
    assert "endpoint(url, local=self.local)" in inspect.getsource(links.HttpLinks)


def test_what_decodes_files_has_the_file_and_nothing_else():
    said(
        "What goes out is decoded by a process of its own, with the file and nothing else: no environment, limits on "
        "memory, processor time and the clock"
    )
    started = inspect.getsource(examining)
    assert "env={}" in started
    assert (examining.MEMORY, examining.CPU, examining.SECONDS) == (400 << 20, 20, 60.0)


@pytest.mark.parametrize("ending", [DELETED, "message.received"])
def test_queues_hold_ids_and_references_and_no_texts(ending: str):
    said("queues (ids and references, no texts)")
    told_of = Envelope("01E", ending, "acme", "ana", "uid", 0, "cursor", {}, a_message(text="Kopi?"))
    assert "Kopi" not in str(push_job(told_of))
    references = {"uid", "event", "cursor", "message", "attempt", "not_before"}
    assert {one.name for one in fields(Delivery)} == references
    assert {one["SqsManagedSseEnabled"] for one in CLOUD.of_type("AWS::SQS::Queue").values()} == {True}
