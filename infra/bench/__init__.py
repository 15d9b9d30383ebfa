"""``make bench``: what the gateway costs beside the raw client library, both in the same run on the same machine."""
