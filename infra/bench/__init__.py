"""``make bench``: what the gateway costs beside the raw client library, both in the same run on the same machine."""

from pathlib import Path
from typing import Final

LATENCIES: Final = Path(__file__).with_name("latencies.toml")
"""How long AWS takes for what the local stack plays at once."""
