"""Watchers, in the table and in memory."""

from dataclasses import replace

from chalicelib.domain.watcher import LIFETIME, Watcher
from tests.makers import NOW


def test_watchers_are_found_by_what_they_follow(stores):
    one = Watcher("c1", "default", "ana", "enveloped", "admin", NOW, NOW + LIFETIME)
    two, other = replace(one, id="c2"), replace(one, id="c3", tenant="other")
    for watcher in (one, two, other):
        stores.watchers.add(watcher)
    assert sorted(stores.watchers.following("default", "ana"), key=lambda w: w.id) == [one, two]
    stores.watchers.remove("c1")
    stores.watchers.remove("c1")
    assert list(stores.watchers.following("default", "ana")) == [two]
    assert stores.watchers.get("c1") is None
    assert stores.watchers.get("c2") == two
