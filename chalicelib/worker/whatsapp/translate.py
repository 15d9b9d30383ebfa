"""The client's events as the link events that move a session. What the worker does about them is in ``serve``."""

from chalicelib.domain import events as e
from chalicelib.domain.session import Reason
from chalicelib.worker.whatsapp import client as c


def translate(event: c.ClientEvent) -> e.LinkEvent | None:
    """Return what ``event`` means for the session; None where that depends on more than the event.

    A code is drawn first; a refused connection says when it is tried again; "replaced" may be a worker that came back
    from the dead; the end of ``connect`` depends on what was before it.
    """
    match event:
        case c.PairSuccess(device=device):
            return e.PairSuccess(device)
        case c.PairError():
            return e.PairError()
        case c.PasskeyRequest():
            return e.PasskeyRequested()
        case c.Connected(device=device) | c.KeepAliveRestored(device=device):
            return e.Connected(device)
        case c.Disconnected() | c.KeepAliveTimeout():
            return e.Disconnected(Reason.CONNECTION_LOST)
        case c.LoggedOut():
            return e.LoggedOut(Reason.UNLINKED_FROM_PHONE)
        case c.ClientOutdated():
            return e.ClientOutdated()
        case c.TemporaryBan():
            return e.TemporaryBan()
        case c.QR() | c.CodesRanOut() | c.StreamReplaced() | c.ConnectFailure() | c.Ended():
            return None
