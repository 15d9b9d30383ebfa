"""Whether a session is linked, or has to be scanned before it can be used, as the dialects that say so mean it."""

from typing import Final

from chalicelib.domain.session import Session, Status

_UNLINKED: Final = {Status.SCAN_QR, Status.LOGGED_OUT}
"""A device that is still noted here is one no more."""
_NEVER: Final = {Status.PAIRING, Status.CONNECTED, Status.DELETING, Status.PASSKEY_REQUIRED, Status.FAILED}
"""It is linked, or a code would be no help."""

_NOT_YET: Final = {Status.SCAN_QR, Status.PAIRING, Status.LOGGED_OUT}
"""A device that is noted here isn't linked any more, or not quite."""


def linked(session: Session) -> bool:
    """Whether a linked device is stored; connected or not."""
    return session.device is not None and session.status not in _NOT_YET


def needs_qr(session: Session) -> bool:
    """Whether somebody must scan a code, also where none is shown yet."""
    return session.status not in _NEVER and (session.device is None or session.status in _UNLINKED)
