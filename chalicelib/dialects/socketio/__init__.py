"""Wire shapes of the Socket.IO API (``/socket.io``, and the calls that stand beside it)."""
