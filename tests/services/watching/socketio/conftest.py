"""A gateway with one session that shows a code."""

import pytest

from chalicelib.domain.session import Status
from tests.composition import Rig
from tests.makers import a_code, a_running_session


@pytest.fixture
def rig():
    rig = Rig()
    session = a_running_session(status=Status.SCAN_QR, qr=a_code())
    rig.stores.sessions.rows[session.uid] = session
    return rig
