"""There is no QR code to give, or nothing can be sent, because of the session's status."""

from chalicelib.domain.errors.base import GatewayError
from chalicelib.domain.errors.conflicts import Conflict


class AlreadyConnected(Conflict):
    """There is no QR code because the session is linked and connected."""

    code = "ALREADY_CONNECTED"


class SessionStopped(Conflict):
    """There is no QR code because nobody wants the session running."""

    code = "SESSION_STOPPED"


class SessionFailed(Conflict):
    """There is no QR code because the session failed; the message says why."""

    code = "SESSION_FAILED"


class PasskeyRequired(Conflict):
    """WhatsApp asks for a passkey to link this account, which can't be answered here."""

    code = "PASSKEY_REQUIRED"


class SessionNotConnected(Conflict):
    """Nothing can be sent now; the answer says how the session stands.

    ``context["session"]`` is the session, with the code to scan if one is shown.
    """

    code = "SESSION_NOT_CONNECTED"


class NotReady(GatewayError):
    """The answer isn't there yet; asking again is right."""

    code = "NOT_READY"
    status = 503


class QRNotReady(NotReady):
    """The first QR code is still to come."""

    code = "QR_NOT_READY"
