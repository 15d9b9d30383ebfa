"""The clock."""

from chalicelib import bootstrap


def handle() -> None:
    """Look around once."""
    bootstrap.sweeper().sweep()
