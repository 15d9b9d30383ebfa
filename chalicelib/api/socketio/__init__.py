"""Routes and request bodies of the Socket.IO API (``/socket.io``, and the calls that stand beside it)."""
