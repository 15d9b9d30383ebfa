"""The functions' log, as it is read on one machine."""

import logging

from infra.local.console import LogLines


def test_a_line_says_the_fields_that_lambda_writes_as_json() -> None:
    fields = {"session": "ana", "status": 503, "reason": "http_error", "said": "two\nlines", "next_at": None}
    record = logging.makeLogRecord({"msg": "webhook.%s", "args": ("retry",), "levelname": "WARNING", **fields})
    line = LogLines().format(record)
    assert line.endswith('WARNING webhook.retry session="ana" status=503 reason="http_error" said="two\\nlines"')


def test_a_line_without_fields_is_as_it_was_and_a_trace_follows_it() -> None:
    try:
        int("no")
    except ValueError as error:
        raised = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "broken", "levelname": "ERROR", "exc_info": raised})
    first, *trace = LogLines().format(record).splitlines()
    assert first.endswith("ERROR broken")
    assert trace[-1] == "ValueError: invalid literal for int() with base 10: 'no'"
