"""A stand-in for WhatsApp on this machine, with virtual phones. It must never import the client library.

Importing that library starts its Go runtime, so whatever is needed of it is generated beforehand (`tokens.json`).
"""

from infra.local.whatsapp.server import WhatsApp

__all__ = ["WhatsApp"]
