"""Whether the worker and its client still live."""
