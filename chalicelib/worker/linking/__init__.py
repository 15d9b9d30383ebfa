"""Linking a device to an account, by a small WhatsApp client of our own that does nothing else.

The client library can link, too, but can't answer a passkey, costs a second before the first code, and hangs once its
codes ran out. So the linking phase is ours: it registers a device, shows QR codes and a pairing code, goes through the
passkey's steps, checks what the phone vouches for, and writes the linked device into the library's own store. The
library then logs in with that file, and knows nothing of this.

The protocol does no I/O: bytes and the time go in, bytes and events come out.

- ``states``: the states of a linking, which input leads where, as a table, and why a linking ends
- ``registration``: a new device's keys, and what it says of itself
- ``qr``, ``pairing_code``, ``passkey``, ``pairing``: the computations of each way, without states
- ``linking``: the machine, which speaks stanzas
- ``protocol``: the machine behind the handshake, which speaks websocket messages
- ``websocket``: those messages as bytes of a connection

Around it lie the sockets (``connection``), the library's store (``store``), and the worker's client that links first
and then is the library's (``client``).
"""
