"""Not for importing: this directory heads a client's PYTHONPATH. It must need the standard library only."""
