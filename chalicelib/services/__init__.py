"""What the gateway does, in terms of ports. No AWS, no HTTP, no wire shapes, no clock of its own."""
