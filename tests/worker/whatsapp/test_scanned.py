"""How the showing of codes ends. The real words are held against the real client in test_process_linking."""

import pytest

from chalicelib.worker.whatsapp import client as c
from chalicelib.worker.whatsapp.scanned import scanned


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        ("success", type(None)),
        ("error", c.PairError),
        ("passkey-request", c.PasskeyRequest),
        ("err-client-outdated", c.ClientOutdated),
        ("timeout", c.Ended),
        ("err-unexpected-state", c.Ended),
        ("what a later library says", c.Ended),
    ],
)
def test_an_outcome_but_success_says_that_the_code_is_dead(outcome: str, event: type) -> None:
    assert type(scanned(outcome)) is event
