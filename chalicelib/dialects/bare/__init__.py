"""Wire shapes of the bare API (``/sessions``: camelCase JSON without an envelope)."""
