"""Not for importing: this directory heads a worker's PYTHONPATH. It must need the standard library only."""
