"""Who is told what happens: history, watchers, Socket.IO's rooms and channels."""
