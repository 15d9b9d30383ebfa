"""WhatsApp's bytes: stanzas, Noise, Curve25519 signatures, protobuf. No I/O, and nothing else of the project.

The loopback WhatsApp server speaks them, from the other side than a client does.
"""
