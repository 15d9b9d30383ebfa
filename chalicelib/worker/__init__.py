"""One session's linked device, kept connected. Knows the client library and this machine; never AWS, HTTP or Lambda."""
