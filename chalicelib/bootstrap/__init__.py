"""The composition root: joins services to adapters, each once a process and when it is first asked for.

This package alone knows services and adapters both. ``parts`` has what several services are made of; what callers
use is here: accounts and keys, sessions and messages, control, watchers, and a worker's services.
"""

from functools import cache

from chalicelib.adapters import clients
from chalicelib.adapters.dynamodb.accounts import (
    DynamoKeys,
    DynamoLoginAttempts,
    DynamoTenants,
    DynamoTickets,
    DynamoUsers,
)
from chalicelib.adapters.dynamodb.chats import DynamoChats
from chalicelib.adapters.dynamodb.control import DynamoDueIndex, DynamoLeases, DynamoStandbys, DynamoUpgrades
from chalicelib.adapters.dynamodb.invitations import DynamoInvitations
from chalicelib.adapters.dynamodb.media import DynamoMedia
from chalicelib.adapters.dynamodb.messages import (
    DynamoIdempotency,
    DynamoIdentities,
    DynamoMessages,
    DynamoPaces,
    DynamoQuestions,
)
from chalicelib.adapters.dynamodb.places import DynamoPlaces
from chalicelib.adapters.dynamodb.sessions import DynamoDeliverySource, DynamoHistory, DynamoSituations
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.watchers import DynamoChannels, DynamoSubscriptions, DynamoWatchers
from chalicelib.adapters.links import HttpLinks
from chalicelib.adapters.media import S3MediaFiles
from chalicelib.adapters.names import named_id, new_api_key, new_entropy, new_id, new_secret, new_ticket
from chalicelib.adapters.poster import HttpPoster
from chalicelib.adapters.proxies import ProxyDialer
from chalicelib.adapters.queues import DeliveryQueue, PushQueue
from chalicelib.bootstrap import parts
from chalicelib.bootstrap.parts import clock
from chalicelib.config import settings
from chalicelib.domain.limits import Pace
from chalicelib.services.accounts.accounts import Accounts
from chalicelib.services.accounts.invitations import Invitations
from chalicelib.services.accounts.keys import ApiKeys, Tickets
from chalicelib.services.accounts.recognition import Recognition
from chalicelib.services.accounts.tenants import Tenants
from chalicelib.services.accounts.users import Administrators, Users
from chalicelib.services.control.reconciler import Reconciler
from chalicelib.services.control.restored import Restored
from chalicelib.services.control.standbys import Standbys
from chalicelib.services.control.sweeper import Sweeper, Upgrades
from chalicelib.services.media import MediaLibrary
from chalicelib.services.messages.bulk import Bulk
from chalicelib.services.messages.chats import ChatList, Chats
from chalicelib.services.messages.identities import Identities
from chalicelib.services.messages.outbox import FIRST_LOOK, Dispatch, Outbox
from chalicelib.services.messages.questions import TELLING, Answering, Questions
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.signals import Signals
from chalicelib.services.messages.store import Inbox, Messages
from chalicelib.services.reservations import Reservations
from chalicelib.services.sessions.linking import SessionLinking
from chalicelib.services.sessions.moves import WorkerReports
from chalicelib.services.sessions.sessions import Naming, Sessions
from chalicelib.services.sessions.single_session import SingleSession
from chalicelib.services.waiting import Experience, FirstLook, Waiting
from chalicelib.services.watching.distribution import Distribution
from chalicelib.services.watching.limits import WatcherLimits
from chalicelib.services.watching.push import Push
from chalicelib.services.watching.socketio import Conversation, Rooms, SocketIO
from chalicelib.services.watching.subscriptions import EventLog, Subscriptions
from chalicelib.services.watching.watching import History, Watching
from chalicelib.services.webhooks import Webhooks
from chalicelib.services.worker import WorkerMedia, WorkerServices

__all__ = [
    "accounts",
    "api_keys",
    "bulk",
    "chat_list",
    "chats",
    "clock",
    "event_log",
    "first_administrator",
    "history",
    "invitations",
    "linking",
    "media",
    "messages",
    "naming",
    "outbox",
    "push",
    "questions",
    "recognition",
    "reconciler",
    "reservations",
    "restored",
    "rooms",
    "sending",
    "sessions",
    "signals",
    "single_session",
    "socketio",
    "standbys",
    "subscriptions",
    "sweeper",
    "tenants",
    "tickets",
    "users",
    "waiting_places",
    "watching",
    "webhooks",
    "worker",
]


@cache
def reservations() -> Reservations:
    """Return who has things created once."""
    # Imported late, as in ``accounts``.
    from chalicelib.adapters.credentials import HmacHashes  # noqa: PLC0415

    return Reservations(DynamoIdempotency(parts.table()), HmacHashes(parts.signing_keys()), parts.clock, new_id)


@cache
def accounts() -> Accounts:
    """Return who checks credentials."""
    # Imported late: the worker's image has neither library, and the functions of the stream don't need them.
    from chalicelib.adapters.credentials import ArgonPasswords, JwtTokens  # noqa: PLC0415

    return Accounts(
        users=DynamoUsers(parts.table()),
        tenants=DynamoTenants(parts.table()),
        attempts=DynamoLoginAttempts(parts.table()),
        passwords=ArgonPasswords(),
        tokens=JwtTokens(parts.signing_keys()),
        closing=parts.closing(),
        clock=parts.clock,
        allow_anonymous=settings().allow_anonymous,
    )


@cache
def api_keys() -> ApiKeys:
    """Return who keeps API keys."""
    return ApiKeys(
        DynamoKeys(parts.table()),
        DynamoUsers(parts.table()),
        parts.closing(),
        parts.clock,
        new_id,
        new_api_key,
        settings().keys_per_tenant,
    )


@cache
def recognition() -> Recognition:
    """Return who remembers credentials for a moment."""
    return Recognition(parts.clock)


@cache
def tickets() -> Tickets:
    """Return who gives and takes tickets for WebSockets."""
    most = settings().tickets_per_minute
    return Tickets(DynamoTickets(parts.table()), accounts(), api_keys(), invitations(), parts.clock, new_ticket, most)


@cache
def invitations() -> Invitations:
    """Return who invites the holders of phones."""
    return Invitations(
        store=DynamoInvitations(parts.table()),
        sessions=sessions(),
        tenants=DynamoTenants(parts.table()),
        users=DynamoUsers(parts.table()),
        keys=DynamoKeys(parts.table()),
        closing=parts.closing(),
        clock=parts.clock,
        new_id=new_id,
        new_entropy=new_entropy,
    )


@cache
def users() -> Users:
    """Return the administrators' side of users."""
    stores = DynamoUsers(parts.table()), DynamoTenants(parts.table())
    return Users(
        *stores,
        Administrators(stores[1]),
        api_keys(),
        parts.closing(),
        accounts().passwords,
        accounts().attempts,
        parts.clock,
        settings().users_per_tenant,
    )


@cache
def tenants() -> Tenants:
    """Return the operators' side of tenants."""
    return Tenants(DynamoTenants(parts.table()), users(), parts.session_store(), parts.moves(), parts.clock)


def restored() -> Restored:
    """Return who puts a restored table right, before anything runs on it."""
    store = DynamoMessages(parts.table())
    dispatch = Dispatch(store, DynamoChats(parts.table()), clock, new_id)
    return Restored(DynamoTenants(parts.table()), parts.session_store(), store, dispatch)


def first_administrator(name: str, password: str, tenant: str) -> bool:
    """Create the deployment's first administrator; False, and nothing changed, if there is a user of that name."""
    return accounts().first_administrator(name, password, tenant)


@cache
def sessions() -> Sessions:
    """Return the owners' side of sessions."""
    store = parts.session_store()
    return Sessions(
        store,
        parts.moves(),
        Waiting(store, parts.clock, parts.sleep, Experience()),
        parts.clock,
        new_id,
        new_secret,
        parts.unsent(),
        parts.running(),
        parts.mailboxes(),
        settings().sessions_per_tenant,
    )


@cache
def outbox() -> Outbox:
    """Return who takes messages in for sending."""
    here = settings()
    return Outbox(
        sessions=parts.session_store(),
        messages=DynamoMessages(parts.table()),
        keys=DynamoIdempotency(parts.table()),
        paces=DynamoPaces(parts.table(), Pace(here.send_burst, here.send_per_minute)),
        mailboxes=parts.mailboxes(),
        clock=parts.clock,
        sleep=parts.sleep,
        new_id=new_id,
        first_look=FirstLook(FIRST_LOOK),
    )


@cache
def sending() -> Sending:
    """Return who drafts messages by WhatsApp's rules."""
    return Sending(outbox(), messages(), media())


@cache
def media() -> MediaLibrary:
    """Return who keeps files."""
    here = settings()
    return MediaLibrary(
        sessions=parts.session_store(),
        records=DynamoMedia(parts.table()),
        files=S3MediaFiles(clients.s3, here.media_bucket, here.media_uploads),
        paces=DynamoPaces(parts.table(), Pace(here.send_burst, here.send_per_minute), of="PACE#MEDIA"),
        clock=parts.clock,
        sleep=parts.sleep,
        new_id=new_id,
    )


@cache
def signals() -> Signals:
    """Return who shows what an account does."""
    return Signals(questions(), messages(), chats())


@cache
def bulk() -> Bulk:
    """Return who sends one text to many."""
    return Bulk(outbox(), DynamoIdempotency(parts.table()), parts.clock, parts.sleep)


@cache
def single_session() -> SingleSession:
    """Return who knows which session is meant where none is named."""
    return SingleSession(sessions(), parts.clock)


@cache
def messages() -> Messages:
    """Return who shows messages."""
    identities = Identities(DynamoIdentities(parts.table()), parts.clock)
    stores = DynamoMessages(parts.table()), DynamoChats(parts.table()), DynamoMedia(parts.table())
    return Messages(parts.session_store(), *stores, identities, parts.clock)


@cache
def chats() -> Chats:
    """Return who keeps chats beside their messages."""
    identities = Identities(DynamoIdentities(parts.table()), parts.clock)
    return Chats(DynamoChats(parts.table()), DynamoMessages(parts.table()), identities, parts.clock)


@cache
def chat_list() -> ChatList:
    """Return who lists chats."""
    return ChatList(parts.session_store(), DynamoChats(parts.table()), messages(), parts.clock)


@cache
def naming() -> Naming:
    """Return who finds sessions by what they are called."""
    return Naming(parts.session_store())


@cache
def questions() -> Questions:
    """Return who asks WhatsApp over a session's worker."""
    here = settings()
    return Questions(
        sessions=parts.session_store(),
        questions=DynamoQuestions(parts.table()),
        paces=DynamoPaces(parts.table(), Pace(here.ask_burst, here.ask_per_minute), of="PACE#QUESTIONS"),
        telling=DynamoPaces(parts.table(), TELLING, of="PACE#TELLING"),
        mailboxes=parts.mailboxes(),
        clock=parts.clock,
        sleep=parts.sleep,
        new_id=new_id,
    )


@cache
def linking() -> SessionLinking:
    """Return who links sessions by pairing code and passkey."""
    return SessionLinking(sessions(), questions(), parts.clock)


@cache
def history() -> History:
    """Return who keeps events."""
    return History(DynamoHistory(parts.table()))


@cache
def distribution() -> Distribution:
    """Return who distributes events."""
    return Distribution(history(), chats(), push(), webhooks(), parts.clock)


@cache
def webhooks() -> Webhooks:
    """Return who tells endpoints."""
    here = settings()
    return Webhooks(
        sessions=parts.session_store(),
        source=DynamoDeliverySource(parts.table()),
        watchers=DynamoWatchers(parts.table()),
        deliveries=DeliveryQueue(clients.sqs(), here.delivery_queue, here.dead_deliveries),
        poster=HttpPoster(local=here.webhooks_local),
        moves=parts.moves(),
        clock=parts.clock,
        began=parts.clock(),
    )


@cache
def waiting_places() -> DynamoPlaces:
    """Return the places in which calls wait."""
    return DynamoPlaces(parts.table(), settings().waiting_calls, new_id)


@cache
def standbys() -> Standbys:
    """Return who keeps workers waiting."""
    here = settings()
    return Standbys(
        DynamoStandbys(parts.table()),
        parts.workers(),
        parts.mailboxes(),
        parts.clock,
        new_id,
        least=here.standby_min,
        most=here.standby_max,
        task=here.worker_task,
        falls_back=here.spot_fallback,
        metrics=parts.metrics(),
    )


@cache
def reconciler() -> Reconciler:
    """Return who brings sessions to what is wanted of them."""
    return Reconciler(
        sessions=parts.session_store(),
        situations=DynamoSituations(parts.table()),
        tenants=DynamoTenants(parts.table()),
        leases=DynamoLeases(parts.table()),
        moves=parts.moves(),
        workers=parts.workers(),
        mailboxes=parts.mailboxes(),
        standbys=standbys(),
        wakes=parts.wakes(),
        running=parts.running(),
        clock=parts.clock,
        task=settings().worker_task,
        falls_back=settings().spot_fallback,
        unsent=parts.unsent(),
        files=S3MediaFiles(clients.s3, settings().media_bucket),
        metrics=parts.metrics(),
    )


@cache
def sweeper() -> Sweeper:
    """Return who looks after what was missed."""
    index, here = DynamoDueIndex(parts.table()), settings()
    upgrades = Upgrades(
        store=DynamoUpgrades(parts.table()),
        index=index,
        reconciler=reconciler(),
        standbys=standbys(),
        clock=parts.clock,
        task=here.worker_task,
        per_minute=here.upgrades_per_minute,
    )
    return Sweeper(index, reconciler(), standbys(), upgrades, parts.clock, parts.unsent(), parts.metrics())


@cache
def watching() -> Watching:
    """Return who lets watchers in and out."""
    return Watching(
        parts.session_store(),
        DynamoWatchers(parts.table()),
        parts.sockets(),
        parts.wakes(),
        parts.clock,
        limits(),
        subscriptions(),
    )


@cache
def event_log() -> EventLog:
    """Return who reads events."""
    return EventLog(parts.session_store(), DynamoHistory(parts.table()), DynamoMessages(parts.table()))


@cache
def subscriptions() -> Subscriptions:
    """Return who sends events to connections that follow several sessions."""
    return Subscriptions(
        sessions=parts.session_store(),
        watchers=DynamoWatchers(parts.table()),
        store=DynamoSubscriptions(parts.table()),
        history=DynamoHistory(parts.table()),
        log=event_log(),
        sockets=parts.sockets(),
        wakes=parts.wakes(),
        clock=parts.clock,
        limits=limits(),
    )


@cache
def limits() -> WatcherLimits:
    """Return who says how many may watch."""
    here = settings()
    return WatcherLimits(
        DynamoWatchers(parts.table()), parts.clock, here.watchers_per_session, here.watchers_per_tenant
    )


@cache
def push() -> Push:
    """Return who tells watchers."""
    here = settings()
    return Push(
        sessions=parts.session_store(),
        watchers=DynamoWatchers(parts.table()),
        sockets=parts.sockets(),
        wakes=parts.wakes(),
        rooms=rooms(),
        clock=parts.clock,
        history=DynamoHistory(parts.table()),
        messages=DynamoMessages(parts.table()),
        pushes=PushQueue(clients.sqs(), here.push_queue),
        subscriptions=subscriptions(),
        told_at_once=here.told_at_once,
    )


@cache
def rooms() -> Rooms:
    """Return who tells Socket.IO clients."""
    return Rooms(
        channels=parts.channels(),
        store=DynamoChannels(parts.table()),
        sessions=parts.session_store(),
        watchers=DynamoWatchers(parts.table()),
        wakes=parts.wakes(),
        clock=parts.clock,
        limits=limits(),
    )


@cache
def socketio() -> SocketIO:
    """Return who lets Socket.IO clients in and out."""
    return SocketIO(
        channels=parts.channels(),
        store=DynamoChannels(parts.table()),
        conversation=Conversation(parts.channels(), rooms(), parts.clock, limits()),
        wakes=parts.wakes(),
        clock=parts.clock,
        most_arrivals=settings().arrivals_per_minute,
    )


def worker() -> WorkerServices:
    """Return a worker's services; its leases go over a client of their own that fails fast."""
    identities = Identities(DynamoIdentities(parts.table()), parts.clock)
    return WorkerServices(
        sessions=parts.session_store(),
        situations=DynamoSituations(parts.table()),
        tenants=DynamoTenants(parts.table()),
        reports=WorkerReports(parts.moves()),
        dispatch=Dispatch(DynamoMessages(parts.table()), DynamoChats(parts.table()), parts.clock, new_id),
        answering=Answering(DynamoQuestions(parts.table()), parts.clock),
        inbox=Inbox(DynamoMessages(parts.table()), parts.clock, named_id, identities),
        identities=identities,
        leases=DynamoLeases(Table(clients.lease_dynamodb(), settings().table)),
        standbys=DynamoStandbys(parts.table()),
        mailbox=parts.mailboxes(),
        dialer=ProxyDialer(local=settings().webhooks_local),
        media=WorkerMedia(
            DynamoMedia(parts.table()),
            S3MediaFiles(clients.s3, settings().media_bucket),
            HttpLinks(local=settings().webhooks_local),
            named_id,
            parts.clock,
        ),
        clock=parts.clock,
    )
