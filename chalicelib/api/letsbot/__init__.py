"""Routes and request bodies of LetsBot's API (``/api/v1``: an API key implies its session)."""
