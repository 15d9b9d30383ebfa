"""Routes and request bodies of the company API (``/whatsapp/companies``: a company has one session)."""
