"""``make bench``: what the gateway costs beside the raw client library, both in the same run on the same machine."""

import argparse
from pathlib import Path
from typing import Final

LATENCIES: Final = Path(__file__).with_name("latencies.toml")
"""How long AWS takes for what the local stack plays at once."""


def times(text: str) -> int:
    """Return how often something is to be done, one time at least, from a command's argument.

    Raises argparse's own error, which ends the command with a sentence.
    """
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1")
    return int(text)
