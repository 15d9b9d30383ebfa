from types import SimpleNamespace

from infra.local.sockets import BACKLOG, OpenWatcher, Watchers


def a_watcher(watcher_id="w"):
    return OpenWatcher(watcher_id, SimpleNamespace(closed=False), "127.0.0.1", "", 0)  # type: ignore[arg-type]


def test_a_watcher_is_found_only_while_present():
    watchers, one = Watchers(), a_watcher()
    with watchers.present(one):
        assert watchers.get("w") is one
    assert watchers.get("w") is None


def test_one_that_does_not_read_is_given_no_more_than_the_backlog():
    one = a_watcher()
    assert all(one.post("x") for _ in range(BACKLOG))
    assert not one.post("x")


def test_ids_look_like_the_gateways():
    ids = {Watchers.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(one.endswith("=") for one in ids)
