"""Watchers, in the table and in memory."""

from dataclasses import replace

from chalicelib.adapters.dynamodb.watchers import DynamoWatchers
from chalicelib.domain.watchers import LIFETIME, NOTHING_NOTED, Room, RoomNote, Watcher
from chalicelib.domain.webhook import EndpointNote
from chalicelib.reading import Reader
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


def test_a_session_s_and_a_tenant_s_watchers_are_counted_until_they_go(stores):
    watchers, one = stores.watchers, Watcher("c1", "default", "ana", "enveloped", "admin", NOW, NOW + LIFETIME)
    for number in range(3):
        watchers.add(replace(one, id=f"w{number}", session="ana" if number else "bo", expires_at=NOW + number))
    watchers.add(replace(one, id="w9", tenant="other"))

    def counted(now: int) -> tuple[int, int]:
        of_tenant: int = watchers.count_of_tenant("default", now=now)
        return watchers.count_of_session("default", "ana", now=now), of_tenant

    assert [counted(NOW - 1), counted(NOW), counted(NOW + 1)] == [(2, 3), (2, 2), (1, 1)]
    watchers.remove("w2")
    assert counted(NOW - 1) == (1, 2)


def test_what_is_noted_of_a_session_is_read_with_its_watchers(stores):
    one = Watcher("c1", "default", "ana", "enveloped", "admin", NOW, NOW + LIFETIME)
    stores.watchers.add(one)
    assert stores.watchers.room("default", "ana") == Room([one], NOTHING_NOTED)
    for endpoint in (None, EndpointNote("U", NOW, ("message.received",)), EndpointNote("U", NOW, None)):
        note = RoomNote(apart_until=NOW, endpoint=endpoint)
        stores.watchers.note("default", "ana", note)
        assert stores.watchers.room("default", "ana") == Room([one], note)
    assert stores.watchers.room("other", "ana") == Room([], NOTHING_NOTED)
    assert list(stores.watchers.following("default", "ana")) == [one]
    assert stores.watchers.count_of_session("default", "ana", now=NOW) == 1


def test_a_holder_s_watcher_says_whose_linking_it_is_told_of(stores):
    one = Watcher(
        "c1", "default", "", "native", "admin", NOW, NOW + 1, codes=True, token="01K", only="ana", linking="U"
    )
    stores.watchers.add(one)
    assert stores.watchers.get("c1") == one


def test_versions_that_know_no_notes_take_one_for_a_watcher_whose_time_is_up(request):
    table = request.getfixturevalue("table")
    DynamoWatchers(table).note("default", "ana", RoomNote(NOW, EndpointNote("U", NOW, ())))
    item = table.get("R#default#ana", "NOTE")
    assert "types" not in item, "it would be a subscription"
    assert Reader(Watcher).plain(item).expires_at == 0
