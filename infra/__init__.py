"""How Switchboard is deployed, and how it runs on one machine. Nothing in production imports from here."""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
"""The directory that holds app.py."""
