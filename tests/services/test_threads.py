"""Threads that work for whoever hands work to them."""

from chalicelib.services.correlation import call_id, in_call, request_id
from chalicelib.services.threads import Threads
from chalicelib.services.waiting import Terms, answering, in_time


def test_what_a_call_hands_to_threads_goes_back_to_it() -> None:
    with Threads(2) as pool:
        with in_call("r1"):
            ours = list(pool.map(lambda _: (request_id(), call_id()), range(4)))
            one = pool.submit(request_id)
        assert pool.submit(request_id).result() is None, "the threads forget it, and the next call has them"
    assert ours == [("r1", "r1")] * 4
    assert one.result() == "r1"


def test_its_deadline_holds_there_as_well() -> None:
    with Threads(1) as pool, answering(Terms(by=100)):
        assert pool.submit(in_time, 500).result() == 100
