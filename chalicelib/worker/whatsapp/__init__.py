"""WhatsApp as the worker meets it: the client library, and what its events and errors mean."""
