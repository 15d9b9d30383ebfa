"""Groups: their state and rules, how they look on the wire, clients' queries about them, and messages in them."""
