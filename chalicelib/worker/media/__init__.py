"""Files of messages on their way through the worker: streamed, bounded, and never decoded beside a session."""
