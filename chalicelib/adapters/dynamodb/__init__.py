"""The one table: the only code that knows its keys, items, conditions and stream.

Keys (pk / sk):
    T#tenant     / S#id       the directory: which uid a tenant's session of that id has
    S#uid        / SESSION    the session           S#uid / LEASE   its lease
    S#uid        / H#cursor   its history           (messages, deliveries: M#…, A#…, D#…, E#…)
    R#tenant#id  / W#watcher  a subscription        W#watcher / WATCHER   the watcher
    U#name       / USER       a user                L#key / LOGIN   failed logins
    STANDBY      / worker     a standby in the pool TASK#worker / TASK    what a former standby serves
Index ``due`` (due_shard / due_at): leases and deadlines, by the minute they are due in.
"""
