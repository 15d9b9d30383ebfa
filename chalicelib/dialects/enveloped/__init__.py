"""Wire shapes of the enveloped API (``/api``: JSON in an envelope, plain WebSocket frames, accounts)."""
