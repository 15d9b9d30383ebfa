"""Services, settings and clients are made once a process; a test that changes the environment has them made anew."""

import sys

from chalicelib import bootstrap, config
from chalicelib.adapters import clients


def forget() -> None:
    """Have services, settings and clients made anew."""
    joined = [module for name, module in sys.modules.items() if name.startswith(bootstrap.__name__)]
    for module in (*joined, config, clients):
        for made in vars(module).values():
            if hasattr(made, "cache_clear"):
                made.cache_clear()
