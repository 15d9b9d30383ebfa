"""Routes and request bodies of the enveloped API (``/api``: JSON in an envelope, plain WebSocket frames, accounts)."""
