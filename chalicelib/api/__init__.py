"""The HTTP and WebSocket doors. They know paths, headers and credentials; no rule and no wire shape lives here."""
