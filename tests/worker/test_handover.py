"""What a worker hands over to itself."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.lease import Order, SessionClaim
from chalicelib.worker.handover import Handover, from_environment, lacking, to_environment

names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
numbers = st.integers(0, 2**53)
orders = st.builds(Order, names, names, names, names, names, st.integers(1, 2**31))
handovers = st.builds(
    Handover,
    orders,
    st.booleans(),
    st.none() | numbers,
    numbers,
    st.none() | numbers,
    st.booleans(),
    ended=st.none() | numbers,
    lapsed=st.booleans(),
    holder=numbers,
)


@given(handovers)
def test_what_is_handed_over_comes_out_as_it_was(handover: Handover) -> None:
    assert from_environment(to_environment(handover)) == handover


def test_the_rest_of_the_environment_stays() -> None:
    order = Order("standby-1", "mailbox")
    assert "PATH" in to_environment(Handover(order))
    assert "SWITCHBOARD_UID" not in to_environment(Handover(order))


def test_a_task_reads_the_order_that_it_was_started_for() -> None:
    order = Order("uid-3", "mailbox", "default", "ana", "uid", 3)
    handover = from_environment(order.to_env())
    assert handover == Handover(order)
    assert handover.claim == SessionClaim("uid", "uid-3", 3)


def test_an_order_without_a_session_is_a_standbys() -> None:
    handover = from_environment(Order("standby-1", "mailbox").to_env())
    assert handover.standby
    assert handover.claim is None


def test_a_worker_says_what_it_lacks() -> None:
    assert lacking({}) == ("TABLE_NAME", "AWS_REGION", "SWITCHBOARD_WORKER", "SWITCHBOARD_MAILBOX")
    task = {"TABLE_NAME": "table", "AWS_DEFAULT_REGION": "eu-central-1"}
    assert lacking(task | Order("uid-3", "mailbox", "default", "ana", "uid", 3).to_env()) == ()
    assert lacking(task | {"SWITCHBOARD_WORKER": "", "SWITCHBOARD_MAILBOX": "m"}) == ("SWITCHBOARD_WORKER",)
