import socket
import threading

import pytest

from chalicelib.adapters.clients import Deadline


def test_a_wait_ends_when_the_deadline_passes_whatever_the_socket_s_own_timeout():
    ours, theirs = socket.socketpair()
    with theirs, Deadline(0.2) as deadline:
        deadline.watch(ours).settimeout(None)
        assert ours.recv(1) == b""
        assert deadline.passed
        with pytest.raises(TimeoutError):
            _ = deadline.left


def test_a_socket_that_comes_too_late_is_refused_and_closed():
    ours, theirs = socket.socketpair()
    with theirs:
        with pytest.raises(TimeoutError), Deadline(0) as deadline:
            deadline.watch(ours)
        assert ours.fileno() == -1


def test_in_time_nothing_is_cut_and_the_socket_is_closed_at_the_end():
    ours, theirs = socket.socketpair()
    with theirs, Deadline(30) as deadline:
        deadline.watch(ours).sendall(b"x")
        assert theirs.recv(1) == b"x"
        assert 29 < deadline.left <= 30
    assert (deadline.passed, ours.fileno()) == (False, -1)


def test_a_deadline_that_was_met_keeps_no_thread():
    with Deadline(30):
        pass
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer) and not one.finished.is_set()]
