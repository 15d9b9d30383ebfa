"""Wire shapes of the company API (``/whatsapp/companies``: a company has one session)."""
