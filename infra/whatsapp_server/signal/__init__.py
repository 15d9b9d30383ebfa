"""Signal's end-to-end encryption, version 3, as virtual phones speak it. Pure: no I/O, no clock, no WhatsApp.

Written for a stand-in on one's own machine: right in what it says, not hardened against side channels.
"""
