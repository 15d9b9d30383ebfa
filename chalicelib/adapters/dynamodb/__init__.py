"""The one table: the only code that knows its keys (``keys``), items, conditions and stream."""
