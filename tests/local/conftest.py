"""The template's resources in a moto of the test's own names."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from infra.local.aws import LocalAws
from infra.template import TEMPLATE, load_template


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws(load_template(TEMPLATE), {"WorkerImage": "local"}, f"test-{uuid4().hex[:8]}") as running:
        yield running
