"""The package, made once for all workers of a test run, and the cloud that stands on it."""

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package.building import Package, build
from tests.infra.cloud import Cloud, moto_cloud


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give time to whoever comes first and packages, or waits for that."""
    for item in items:
        if item.path.parent == Path(__file__).parent and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "packaged"
    with (shared / "packaged.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            build("dev", folder, python=Path(sys.executable))
            (folder / "done").touch()
    return Package(folder / "package")


@pytest.fixture(scope="session")
def running_cloud(package: Package) -> Iterator[Cloud]:
    with moto_cloud(package) as running:
        yield running


@pytest.fixture
def cloud(running_cloud: Cloud) -> Cloud:
    if not running_cloud.stands():
        running_cloud.create()
    return running_cloud
