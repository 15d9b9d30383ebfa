"""The one table: the only code that knows its keys, items, conditions and stream.

Keys (pk / sk):
    T#tenant     / S#id       the directory: which uid a tenant's session of that id has
    S#uid        / SESSION    the session           S#uid / LEASE   its lease
    S#uid        / H#cursor   its history           S#uid / PACE    its bucket of tokens
    S#uid        / M#ulid     a message             S#uid / A#id    which message WhatsApp means by that id
    S#uid        / E#id       an event told again   UPGRADE / UPGRADE   how far the workers' upgrade is
    G#uid        / GONE       that a removed session's device couldn't be unlinked, for an hour
    S#uid        / N#jid      who somebody is, by each of the JIDs that mean that person
    I#tenant#key / KEY        an Idempotency-Key
    R#tenant#id  / W#watcher  a subscription        W#watcher / WATCHER   the watcher
    U#name       / USER       a user
    L#name@address / LOGIN, KNOWN   failed logins of a user from an address, and that there was a good one
    L#name / USER, BEARER, L#address / ADDRESS, L#network / NETWORK   failed logins by each of these
    U#name       / K#ulid     a user's API keys     K#hash / KEY    an API key
    T#tenant     / RUN#uid    a running session     Q#tenant / TICKETS#minute   tickets given in it
    T#tenant     / U#name     a tenant's users      T#tenant / K#ulid   a tenant's API keys
    TENANTS      / id         a tenant              P#name / W#id   a principal's watchers
    STANDBY      / worker     a standby in the pool TASK#worker / TASK    what a former standby serves
Index ``open`` (pk / open_at): a session's messages that a worker still owes something.
Index ``due`` (due_shard / due_at): leases, deadlines and messages to send, by the minute they are due in.
"""
