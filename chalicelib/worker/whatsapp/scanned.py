"""How the showing of codes ended, in the words of the library's hook for it (whatsmeow's QR channel)."""

from typing import Final

from chalicelib.worker.whatsapp import client as c

SUCCESS: Final = "success"
"""A code was scanned and the device is linked: its own event tells of that, with the device."""

_OUTCOMES: Final[dict[str, c.ClientEvent]] = {
    "error": c.PairError("the client refused the phone's answer"),
    "passkey-request": c.PasskeyRequest(),
    "err-client-outdated": c.ClientOutdated(),
}


def scanned(outcome: str) -> c.ClientEvent | None:
    """Return what ``outcome`` means; whatever else it is but a success, the client shows no more codes."""
    return None if outcome == SUCCESS else _OUTCOMES.get(outcome, c.Ended(outcome))
