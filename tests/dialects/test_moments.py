"""Points in time on the wire."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dialects.shared import iso, microseconds, seconds_until


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_a_moment_survives_to_the_millisecond(at: int) -> None:
    written = iso(at)
    assert written
    moment = datetime.fromisoformat(written)
    assert round(moment.timestamp() * 1000) == at


def test_no_moment_stays_none() -> None:
    assert iso(None) is None


def test_the_past_is_no_seconds_away() -> None:
    assert seconds_until(0, 5_000) == 0
    assert seconds_until(5_999, 0) == 5


def test_a_moment_has_microseconds_where_a_family_writes_them() -> None:
    assert microseconds(1_762_546_409_123) == "2025-11-07T20:13:29.123000Z"
