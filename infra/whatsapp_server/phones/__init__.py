"""Virtual phones that chat: device 0 of each account, with Signal of its own. They must not know connections.

A phone lives in this process, so it is never away. What it gets and sends goes through the same post as a linked
device's, and what it must remember is in the same file.
"""
