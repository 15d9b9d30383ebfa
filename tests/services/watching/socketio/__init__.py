"""The Socket.IO server over fakes: clients in, told, and out."""
