"""Sessions as their owners and their workers move them."""
