"""How a session's webhook failed of late, as every family's sessions say it, each in its own names."""

from chalicelib.domain.session import WebhookFailure
from chalicelib.domain.webhook import FAILURES


def sentence(of: WebhookFailure) -> str:
    """Return why a delivery failed, for people."""
    said = FAILURES.get(of.reason, "The delivery failed.")
    return f"{said[:-1]}, but {of.status}." if of.reason == "http_error" else said
