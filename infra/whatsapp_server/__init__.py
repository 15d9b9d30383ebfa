"""A WhatsApp server on this machine, with virtual phones, for unmodified clients. It knows nothing of who uses it.

It must never import a client library: importing one starts its runtime, so whatever is needed of it is generated
beforehand (`tokens.json`).
"""

from infra.whatsapp_server.server import WhatsApp

__all__ = ["WhatsApp"]
