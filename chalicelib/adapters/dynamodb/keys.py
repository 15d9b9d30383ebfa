"""The table's keys: each pattern of pk and sk that an item may have, who keeps such items, and how long they stay.

``{…}`` stands for a text of any length. A session has two names: its owner's ``id``, which is unique within a tenant,
and the gateway's ``uid``, which is never used again. DynamoDB removes an item at its ``ttl`` (seconds since the Unix
epoch) or up to two days later, so whoever reads one looks whether it has passed.

Indexes: ``open`` (pk / open_at) holds the messages of a session that a worker still owes something; ``due`` (due_shard
/ due_at) holds leases, deadlines and messages to send by the minute in which they are due.
"""

from typing import Final

from msgspec import Struct


class Pattern(Struct, frozen=True):
    """What an item with such keys ``holds``, and which module writes it.

    ``ttl`` says when it goes by itself; None for what its owner removes.
    """

    pk: str
    sk: str
    holds: str
    module: str
    ttl: str | None = None


_HOLDS_A_SOCKET: Final = "a connection's longest life, twice"
_KEY_STAYS: Final = "7 days from the key's end, none where it has no end"

KEYS: Final = (
    Pattern("S#{uid}", "SESSION", "a session", "sessions"),
    Pattern("T#{tenant}", "S#{id}", "which uid a tenant's session of that id has", "sessions"),
    Pattern("G#{uid}", "GONE", "that a removed session's device couldn't be unlinked", "sessions", "an hour"),
    Pattern("S#{uid}", "LEASE", "a session's lease", "control", "30 days from its release, none while it is held"),
    Pattern("STANDBY", "{worker}", "a standby in the pool", "control"),
    Pattern("POOL", "VERSION", "how often the pool was filled, so that two don't fill it at once", "control"),
    Pattern("POOL", "STARTS#{minute}", "how many sessions started in a minute", "control", "15 minutes"),
    Pattern("TASK#{worker}", "TASK", "which session a former standby serves", "control"),
    Pattern("UPGRADE", "UPGRADE", "how far the workers' upgrade is", "control"),
    Pattern("S#{uid}", "H#{cursor}", "an event of a session's history", "sessions", "30 days"),
    Pattern("S#{uid}", "T#{cursor}", "an event of the session itself, in its timeline", "sessions", "30 days"),
    Pattern("S#{uid}", "E#{id}", "an event that is told again", "sessions", "a day"),
    Pattern("S#{uid}", "M#{ulid}", "a message", "messages", "7 days from its newest event"),
    Pattern("S#{uid}", "R#{ulid}#{recipient}", "how far a message has come with one of many", "messages", "7 days"),
    Pattern("S#{uid}", "A#{whatsapp_id}", "which message WhatsApp's id means", "messages", "with the message"),
    Pattern("S#{uid}", "C#{chat}", "a chat", "chats", "30 days from its newest message"),
    Pattern("S#{uid}", "P#{chat}#{ulid}", "that a chat has a message", "chats", "twice as long as the message"),
    Pattern("S#{uid}", "LAST", "what the two below say, as earlier versions wrote it", "chats"),
    Pattern("S#{uid}", "LAST#{direction}", "when the session's newest message came in, or went out", "chats"),
    Pattern("S#{uid}", "CHATS", "since when the session's messages have pointers", "chats"),
    Pattern("S#{uid}", "A#{whatsapp_id}#{writer}", "which message of theirs an id means", "messages", "with it"),
    Pattern("S#{uid}", "Q#{place}", "a question to WhatsApp", "messages", "5 minutes from its end"),
    Pattern("S#{uid}", "QT#{place}", "what WhatsApp is to be told", "messages", "5 minutes from its end"),
    Pattern("S#{uid}", "LQ#{place}", "a question about a linking", "messages", "5 minutes from its end"),
    Pattern("S#{uid}", "I#{ulid}", "an invitation to link the session", "invitations", "a day from its end"),
    Pattern("S#{uid}", "N#{jid}", "who somebody is, by each of the JIDs that mean that person", "messages", "30 days"),
    Pattern("S#{uid}", "F#{media_id}", "the record of a file", "media", "7 days, an hour while it isn't uploaded"),
    Pattern("S#{uid}", "PACE", "a session's bucket of messages", "messages", "a day after it is full"),
    Pattern("S#{uid}", "PACE#{of}", "a session's bucket of something else", "messages", "a day after it is full"),
    Pattern("I#{tenant}#{hash}", "KEY", "an Idempotency-Key", "messages", "a day"),
    Pattern("TENANTS", "{tenant}", "a tenant", "accounts"),
    Pattern("U#{name}", "USER", "a user", "accounts"),
    Pattern("T#{tenant}", "U#{name}", "a tenant's user", "accounts"),
    Pattern("L#{name}@{address}", "LOGIN", "failed logins of a user from an address", "accounts", "5 minutes"),
    Pattern("L#{name}@{address}", "KNOWN", "that a user logged in from an address", "accounts", "90 days"),
    Pattern("L#{name}", "USER", "a user's failed logins", "accounts", "5 minutes"),
    Pattern("L#{name}", "BEARER", "a bearer's failed logins", "accounts", "5 minutes"),
    Pattern("L#{address}", "ADDRESS", "an address's failed logins", "accounts", "5 minutes"),
    Pattern("L#{network}", "NETWORK", "a network's failed logins", "accounts", "5 minutes"),
    Pattern("K#{hash}", "KEY", "an API key", "accounts", _KEY_STAYS),
    Pattern("U#{name}", "K#{ulid}", "an API key of a user's", "accounts", _KEY_STAYS),
    Pattern("T#{tenant}", "K#{ulid}", "an API key of a tenant's", "accounts", _KEY_STAYS),
    Pattern("V#{hash}", "TICKET", "a ticket for a WebSocket", "accounts", "its end"),
    Pattern("Q#{tenant}", "TICKETS#{minute}", "how many tickets a tenant got in a minute", "accounts", "3 minutes"),
    Pattern("Q#{ulid}", "TICKETS#{minute}", "how many an invitation's token got", "accounts", "3 minutes"),
    Pattern("T#{tenant}", "RUN#{uid}", "a running session of a tenant's", "accounts"),
    Pattern("WAIT#{number}", "PLACE", "a call that waits, or none any more", "places", "a minute after the wait's end"),
    Pattern("W#{watcher}", "WATCHER", "a watcher on a plain WebSocket", "watchers", _HOLDS_A_SOCKET),
    Pattern("W#{watcher}", "S#{id}", "that a connection follows a session", "watchers", _HOLDS_A_SOCKET),
    Pattern("W#{connection}", "CHANNEL", "which channel a WebSocket is", "watchers", _HOLDS_A_SOCKET),
    Pattern("R#{tenant}#{id}", "W#{watcher}", "a watcher of a session, or of * for all", "watchers", _HOLDS_A_SOCKET),
    Pattern("R#{tenant}#{id}", "NOTE", "what the fan-out has noted of a session", "watchers", "10 minutes"),
    Pattern("P#{principal}", "W#{watcher}", "a principal's watcher", "watchers", _HOLDS_A_SOCKET),
    Pattern("TW#{tenant}", "W#{watcher}", "a tenant's watcher", "watchers", _HOLDS_A_SOCKET),
    Pattern("C#{sid}", "CHANNEL", "a channel of Socket.IO", "watchers", "its longest life, twice"),
    Pattern("N#{address}", "{minute}", "how many came from an address in a minute", "watchers", "3 minutes"),
)
"""All of them; no other item is in the table. The stream's filters let sessions, messages and events pass."""
