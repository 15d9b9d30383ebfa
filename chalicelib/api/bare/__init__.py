"""Routes and request bodies of the bare API (``/sessions``: camelCase JSON without an envelope)."""
