"""The HTTP routes by which phones are used and faults injected. Not WhatsApp's: no client knows them."""
