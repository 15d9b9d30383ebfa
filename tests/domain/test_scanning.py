"""Who has to scan a code."""

import pytest

from chalicelib.domain.session import Device, Status, needs_qr
from tests.makers import DEVICE, a_session

S = Status


@pytest.mark.parametrize(
    ("device", "statuses"),
    [
        (None, {S.CREATED, S.STARTING, S.SCAN_QR, S.DISCONNECTED, S.LOGGED_OUT, S.STOPPED}),
        (DEVICE, {S.SCAN_QR, S.LOGGED_OUT}),
    ],
)
def test_who_is_not_linked_and_could_be_has_to_scan(device: Device | None, statuses: set[Status]) -> None:
    assert {s for s in Status if needs_qr(a_session(status=s, device=device))} == statuses
