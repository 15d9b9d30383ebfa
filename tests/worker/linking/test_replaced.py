"""Whether to come back after being replaced."""

from chalicelib.worker.linking.replaced import TAKEOVER, comes_back
from tests.makers import NOW


def test_the_worker_that_was_taken_over_from_is_outlived_once() -> None:
    assert comes_back(took_over_at=NOW, again=False, now=NOW + TAKEOVER - 1)
    assert not comes_back(took_over_at=NOW, again=True, now=NOW + 1)


def test_anybody_else_is_never_fought() -> None:
    assert not comes_back(took_over_at=None, again=False, now=NOW)
    assert not comes_back(took_over_at=NOW, again=False, now=NOW + TAKEOVER)
