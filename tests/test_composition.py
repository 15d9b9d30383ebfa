"""The tests' composition root gives what the app's gives."""

import inspect

import pytest

from chalicelib import bootstrap
from tests.composition import SERVICES, Rig

NOT_SERVICES = {"clock", "first_administrator", "restored", "waiting_places", "worker"}
"""What ``bootstrap`` has beside services: what deployments use, and parts.

A worker's are joined in ``tests.worker.outside``, over the same root.
"""


def test_it_has_every_service_of_the_app_s() -> None:
    assert set(SERVICES) == set(bootstrap.__all__) - NOT_SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_of_the_app_s_class(name: str) -> None:
    wanted = inspect.signature(getattr(bootstrap, name)).return_annotation
    assert type(getattr(Rig(), name)) is wanted
