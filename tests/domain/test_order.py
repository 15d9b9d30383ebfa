"""The order of a worker, as the environment of its task. Functions and workers of different versions meet over it."""

import pytest

from chalicelib.domain.lease import Order, SessionClaim

ORDER = Order("uid-3", "https://queue/uid-3", "default", "ana", "uid", 3, refusals=2, on_demand=True)
AS_EVER = {
    "SWITCHBOARD_WORKER": "uid-3",
    "SWITCHBOARD_MAILBOX": "https://queue/uid-3",
    "SWITCHBOARD_TENANT": "default",
    "SWITCHBOARD_SESSION": "ana",
    "SWITCHBOARD_UID": "uid",
    "SWITCHBOARD_EPOCH": "3",
}
"""What every released version writes and reads."""


def test_the_variables_are_the_ones_of_every_version() -> None:
    assert ORDER.to_env() == AS_EVER


def test_an_order_of_another_version_is_read() -> None:
    read = Order.from_env(AS_EVER | {"SWITCHBOARD_LATER": "1", "PATH": "/bin"})
    assert read == Order("uid-3", "https://queue/uid-3", "default", "ana", "uid", 3)
    assert read.claim == SessionClaim("uid", "uid-3", 3)


def test_the_order_of_a_standby_names_no_session() -> None:
    standby = Order("standby-1", "mailbox")
    assert standby.to_env() == {"SWITCHBOARD_WORKER": "standby-1", "SWITCHBOARD_MAILBOX": "mailbox"}
    assert Order.from_env(standby.to_env()) == standby
    assert standby.claim is None


def test_an_order_without_a_mailbox_is_none() -> None:
    with pytest.raises(KeyError):
        Order.from_env({"SWITCHBOARD_WORKER": "uid-3"})
