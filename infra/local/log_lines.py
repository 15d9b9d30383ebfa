"""The functions' log as a person reads it: time, level and message, then the fields that Lambda writes as JSON."""

import json
import logging
from typing import Final

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has."""


class LogLines(logging.Formatter):
    """A line a record, its extra fields as ``name=value``; those that say nothing are left out."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class names it so
        """Return the line; a trace of what was raised follows it."""
        extra = {name: value for name, value in vars(record).items() if name not in _OWN and value is not None}
        return " ".join([super().formatMessage(record), *(f"{name}={_shown(extra[name])}" for name in extra)])


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
