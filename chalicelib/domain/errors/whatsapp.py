"""What comes of asking WhatsApp for something: refusals, silence, and too much at once."""

from chalicelib.domain.errors.base import GatewayError
from chalicelib.domain.errors.linking import NotReady


class NotOnWhatsApp(GatewayError):
    """The recipient's number has no WhatsApp account."""

    code = "NOT_ON_WHATSAPP"
    status = 422


class SendFailed(GatewayError):
    """WhatsApp refused the message, or it couldn't be sent in time; the answer names it.

    ``context["message"]`` is the message.
    """

    code = "SEND_FAILED"
    status = 502


class TooFast(GatewayError):
    """The session sends faster than its pace allows; nothing was queued, Retry-After says when to go on."""

    code = "TOO_FAST"
    status = 429


class AnswerNotReady(NotReady):
    """A question to WhatsApp wasn't answered in time; asking again is right."""

    code = "ANSWER_NOT_READY"


class AnswerRefused(GatewayError):
    """WhatsApp refused to answer a question; the message says why, as far as that is known."""

    code = "ANSWER_REFUSED"
    status = 502


class TooManyQuestions(GatewayError):
    """As many questions of the session as may be are open already; nothing was asked."""

    code = "TOO_MANY_QUESTIONS"
    status = 429
