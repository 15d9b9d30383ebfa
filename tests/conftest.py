"""What all tests share."""

import pytest

from infra.local.descriptions import remember_descriptions

# Each test that makes a boto3 session would read megabytes of them.
remember_descriptions()

LONG = ("test_living", "test_surviving", "test_permissions", "test_upgrading", "test_image", "test_checks")
"""What waits for minutes begins first, so that no one is left over at the end."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long ones first, else leave the order to chance."""
    items.sort(key=lambda item: item.path.stem not in LONG)
