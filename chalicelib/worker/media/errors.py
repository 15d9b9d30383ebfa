"""That a file couldn't be sent or kept."""

from chalicelib.worker.whatsapp.errors import SendRefused


class MediaFailed(SendRefused):
    """A file can't be sent or kept, however often it is tried: a ``FileTrouble`` as its code, and a ``sentence``.

    Neither names an address, a key or a file.
    """
